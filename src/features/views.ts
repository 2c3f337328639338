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

/** Of a window at each moment: from which place of its track up to and without which. */
export interface Stretches {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** One window over a track, and where it is at each moment. */
export interface View extends Cell, Stretches {
  /** What is read straight off it. */
  readonly numbers: readonly WindowNumber[];
  /** Whether it is looked through together with windows over other tracks, even when nothing is in it. */
  readonly shared: boolean;
  /** Whether its stretches may hold anything. */
  filled: boolean;
}

/**
 * Finds the windows over a track at the moments from `from` up to and without `to`, for which the track was noted.
 * Cost: O(log buckets) for the first of them, and one pass over the buckets for all others, since windows only move on.
 */
export function findWindows(views: readonly View[], moments: Moments, from: number, to: number): void {
  if (views.length === 0) return;
  const { track: place, grid } = views[0];
  const track = moments.state.tracks[place];
  const { sizes } = moments.tracks[place];
  const { buckets } = track;
  const nows = grid === "days" ? moments.today : moments.slot;
  for (let v = 0; v < views.length; v++) {
    const view = views[v];
    const { from: begins, to: ends, span, ago } = view;
    view.filled = true;
    let first = from > 0 ? begins[from - 1] : Math.min(sizes[0], placeOf(track, nows[0] + 1 - ago - span));
    let last = from > 0 ? ends[from - 1] : first;
    for (let k = from; k < to; k++) {
      const end = nows[k] + 1 - ago;
      const begin = end - span;
      const size = sizes[k];
      while (first < size && buckets[first] < begin) first++;
      if (size === 0 || buckets[size - 1] < end) last = size;
      else while (buckets[last] < end) last++;
      begins[k] = first;
      ends[k] = last;
    }
  }
}

/** Makes a window empty at all moments. */
export function clearWindow(view: View): void {
  view.from.fill(0);
  view.to.fill(0);
  view.filled = false;
}

/** Reads the numbers off windows that were found. */
export function readWindows(views: readonly View[], moments: Moments, from: number, until: number): void {
  if (views.length === 0) return;
  const { state, numbers, base, width } = moments;
  const { track } = views[0];
  const { counts, sums } = state.tracks[track];
  const { sizes, events, sums: sumsThen } = moments.tracks[track];
  for (let v = 0; v < views.length; v++) {
    const view = views[v];
    const { from: begins, to: ends } = view;
    for (let i = 0; i < view.numbers.length; i++) {
      const { what, place } = view.numbers[i];
      let at = base + from * width + place;
      if (what === "events")
        for (let k = from; k < until; k++, at += width) {
          const size = sizes[k];
          numbers[at] = upTo(counts, ends[k], size, events[k]) - upTo(counts, begins[k], size, events[k]);
        }
      else if (what === "buckets") for (let k = from; k < until; k++, at += width) numbers[at] = ends[k] - begins[k];
      else
        for (let k = from; k < until; k++, at += width) {
          const size = sizes[k];
          const sum = addPoints(upTo(sums, ends[k], size, sumsThen[k]), -upTo(sums, begins[k], size, sumsThen[k]));
          if (what === "sum") {
            numbers[at] = sum / POINTS;
            continue;
          }
          const times = upTo(counts, ends[k], size, events[k]) - upTo(counts, begins[k], size, events[k]);
          numbers[at] = times > 0 ? sum / times / POINTS : Number.NaN;
        }
    }
  }
}

/** What runs up to a place of a track that had `size` buckets, where the last of them may have grown since. */
export const upTo = (running: Track["counts"], place: number, size: number, then: number): number =>
  place === size ? then : running[place];
