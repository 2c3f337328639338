import type { Cell } from "./layout.ts";
import type { Moments } from "./moment.ts";
import { placeOf, type Track } from "./track.ts";
import { addPoints, POINTS } from "./value.ts";

/** A number that is read straight off a window: most features are such. */
export interface WindowNumber {
  /** How many events, the sum or the mean of their values, or how many buckets have any. */
  readonly what: "events" | "sum" | "mean" | "buckets";
  readonly place: number;
}

/** One window over a track. */
export interface View extends Cell {
  /** Among the cells of the layout. */
  readonly cell: number;
  /** What is read straight off it. */
  readonly numbers: readonly WindowNumber[];
}

/**
 * Finds the windows over a track at the moments from `from` up to and without `to`, for which the track was noted.
 * Cost: O(log buckets) for the first of them, and one pass over the buckets for all others, since windows only move on.
 */
export function findWindows(views: readonly View[], moments: Moments, from: number, to: number): void {
  if (views.length === 0) return;
  const { track: place, grid } = views[0];
  const { state, tracks, sizes, windows, begins, ends } = moments;
  const track = state.tracks[place];
  const { buckets } = track;
  const nows = grid === "days" ? moments.today : moments.slot;
  for (let v = 0; v < views.length; v++) {
    const { cell, span, ago } = views[v];
    let at = from * windows + cell;
    let first = from > 0 ? begins[at - windows] : Math.min(sizes[place], placeOf(track, nows[0] + 1 - ago - span));
    let last = from > 0 ? ends[at - windows] : first;
    for (let k = from; k < to; k++, at += windows) {
      const end = nows[k] + 1 - ago;
      const begin = end - span;
      const size = sizes[k * tracks + place];
      while (first < size && buckets[first] < begin) first++;
      if (size === 0 || buckets[size - 1] < end) last = size;
      else while (buckets[last] < end) last++;
      begins[at] = first;
      ends[at] = last;
    }
  }
}

/**
 * Counts events in windows that nobody else looks through: most windows are such, and these are found and read in one
 * loop, and not kept.
 */
export function countInWindows(views: readonly View[], moments: Moments, from: number, to: number): void {
  if (views.length === 0) return;
  const { track: place, grid } = views[0];
  const { state, numbers, base, width, tracks, sizes, events } = moments;
  const track = state.tracks[place];
  const { buckets, counts } = track;
  const nows = grid === "days" ? moments.today : moments.slot;
  for (let v = 0; v < views.length; v++) {
    const { span, ago, numbers: answers } = views[v];
    let t = from * tracks + place;
    let at = base + from * width + answers[0].place;
    let first = Math.min(sizes[t], placeOf(track, nows[from] + 1 - ago - span));
    let last = first;
    for (let k = from; k < to; k++, t += tracks, at += width) {
      const end = nows[k] + 1 - ago;
      const begin = end - span;
      const size = sizes[t];
      const then = events[t];
      while (first < size && buckets[first] < begin) first++;
      if (size === 0 || buckets[size - 1] < end) last = size;
      else while (buckets[last] < end) last++;
      numbers[at] = upTo(counts, last, size, then) - upTo(counts, first, size, then);
    }
  }
}

/** Makes windows empty. */
export function clearWindows(
  views: readonly View[],
  { windows, begins, ends }: Moments,
  from: number,
  to: number,
): void {
  for (let v = 0; v < views.length; v++)
    for (let k = from, at = from * windows + views[v].cell; k < to; k++, at += windows) {
      begins[at] = 0;
      ends[at] = 0;
    }
}

/** Reads the numbers off windows that were found. */
export function readWindows(views: readonly View[], moments: Moments, from: number, until: number): void {
  if (views.length === 0) return;
  const { state, numbers, base, width, tracks, sizes, events, sums: points, windows, begins, ends } = moments;
  const { track } = views[0];
  const { counts, sums } = state.tracks[track];
  for (let v = 0; v < views.length; v++) {
    const view = views[v];
    for (let i = 0; i < view.numbers.length; i++) {
      const { what, place } = view.numbers[i];
      let to = base + from * width + place;
      let t = from * tracks + track;
      let w = from * windows + view.cell;
      if (what === "events")
        for (let k = from; k < until; k++, to += width, t += tracks, w += windows) {
          const size = sizes[t];
          numbers[to] = upTo(counts, ends[w], size, events[t]) - upTo(counts, begins[w], size, events[t]);
        }
      else if (what === "buckets")
        for (let k = from; k < until; k++, to += width, w += windows) numbers[to] = ends[w] - begins[w];
      else
        for (let k = from; k < until; k++, to += width, t += tracks, w += windows) {
          const size = sizes[t];
          const sum = addPoints(upTo(sums, ends[w], size, points[t]), -upTo(sums, begins[w], size, points[t]));
          if (what === "sum") {
            numbers[to] = sum / POINTS;
            continue;
          }
          const times = upTo(counts, ends[w], size, events[t]) - upTo(counts, begins[w], size, events[t]);
          numbers[to] = times > 0 ? sum / times / POINTS : Number.NaN;
        }
    }
  }
}

/** What runs up to a place of a track that had `size` buckets, where the last of them may have grown since. */
export const upTo = (running: Track["counts"], place: number, size: number, then: number): number =>
  place === size ? then : running[place];
