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
  /** Whether it is looked through together with windows over other tracks, even when nothing is in it. */
  readonly shared: boolean;
  /** Whether its stretches may hold anything. */
  filled: boolean;
}

/**
 * Finds a window at the moments from `from` up to and without `to`, for which the track was noted.
 * Cost: O(log buckets) for the first of them, and one pass over the buckets for all others, since windows only move on.
 */
export function findWindow(view: View, moments: Moments, from: number, to: number): void {
  const { track: place, grid, cell, span, ago } = view;
  const track = moments.state.tracks[place];
  const { sizes } = moments.tracks[place];
  const { buckets } = track;
  const nows = grid === "days" ? moments.today : moments.slot;
  const { from: begins, to: ends } = moments.windows[cell];
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

/** Makes a window empty at all moments. */
export function clearWindow(view: View, { windows }: Moments): void {
  windows[view.cell].from.fill(0);
  windows[view.cell].to.fill(0);
  view.filled = false;
}

/** Reads the numbers off a window that was found. */
export function readWindow(view: View, moments: Moments, from: number, until: number): void {
  const { numbers } = view;
  for (let i = 0; i < numbers.length; i++) readNumber(view, numbers[i], moments, from, until);
}

function readNumber(
  { track: place, cell }: View,
  { what, place: to }: WindowNumber,
  moments: Moments,
  from: number,
  until: number,
): void {
  const { state, numbers, base, width } = moments;
  const { counts, sums } = state.tracks[place];
  const { sizes, events, sums: sumsThen } = moments.tracks[place];
  const { from: begins, to: ends } = moments.windows[cell];
  let at = base + from * width + to;
  if (what === "buckets") {
    for (let k = from; k < until; k++, at += width) numbers[at] = ends[k] - begins[k];
    return;
  }
  if (what === "events") {
    for (let k = from; k < until; k++, at += width) {
      const size = sizes[k];
      const then = events[k];
      numbers[at] = upTo(counts, ends[k], size, then) - upTo(counts, begins[k], size, then);
    }
    return;
  }
  for (let k = from; k < until; k++, at += width) {
    const size = sizes[k];
    const then = sumsThen[k];
    const sum = addPoints(upTo(sums, ends[k], size, then), -upTo(sums, begins[k], size, then));
    if (what === "sum") numbers[at] = sum / POINTS;
    else {
      const times = upTo(counts, ends[k], size, events[k]) - upTo(counts, begins[k], size, events[k]);
      numbers[at] = times > 0 ? sum / times / POINTS : Number.NaN;
    }
  }
}

/** What runs up to a place of a track that had `size` buckets, where the last of them may have grown since. */
export const upTo = (running: Track["counts"], place: number, size: number, then: number): number =>
  place === size ? then : running[place];
