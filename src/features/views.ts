import type { Layout } from "./layout.ts";
import { placeNear, sumBetween, type Track } from "./track.ts";
import { POINTS } from "./value.ts";

/** A number that is read straight off a window while the window is found: most features are such. */
export interface WindowNumber {
  readonly cell: number;
  /** How many events, the sum or the mean of their values, or how many buckets have any. */
  readonly what: "events" | "sum" | "mean" | "buckets";
  readonly place: number;
}

/** For each cell of a layout, from which place of its track up to and without which. */
export interface Stretches {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** What is read, as a number, which is quicker to tell apart than a word. */
const WHAT = { nothing: 0, events: 1, sum: 2, mean: 3, buckets: 4 } as const;

interface Window {
  readonly cell: number;
  readonly span: number;
  readonly ago: number;
  readonly what: number;
  readonly place: number;
}

/** The windows over one track: one each number that is read off it, or one when none is. */
export interface View {
  readonly track: number;
  readonly inDays: boolean;
  readonly windows: readonly Window[];
  /** Whether its stretches hold anything: most tracks of most entities are empty, and so were those of the one before. */
  filled: boolean;
}

export function viewsOf({ tracks, cells }: Layout, numbers: readonly WindowNumber[]): View[] {
  const windowsOf = (track: number): Window[] =>
    cells.flatMap(({ span, ago, ...one }, cell) => {
      if (one.track !== track) return [];
      const read = numbers.filter((number) => number.cell === cell);
      const nothing = { what: "nothing", place: -1 } as const;
      return (read.length > 0 ? read : [nothing]).map(({ what, place }) => ({
        cell,
        span,
        ago,
        what: WHAT[what],
        place,
      }));
    });
  return tracks
    .map(({ grid }, track) => ({ track, inDays: grid === "days", windows: windowsOf(track), filled: false }))
    .filter(({ windows }) => windows.length > 0);
}

/** Finds the windows over a track that holds something, where `ahead` is the bucket after now, and reads their numbers. */
export function fillView(
  view: View,
  track: Track,
  ahead: number,
  { from, to }: Stretches,
  numbers: Float64Array,
): void {
  const { buckets, counts, size } = track;
  const { windows } = view;
  const newest = buckets[size - 1];
  view.filled = true;
  for (let w = 0; w < windows.length; w++) {
    const { cell, ago, span, what, place } = windows[w];
    const end = ahead - ago;
    // the reading before was mostly of the same entity a little earlier: its windows began and ended near here
    const first = placeNear(track, end - span, from[cell]);
    const last = newest < end ? size : placeNear(track, end, to[cell]);
    from[cell] = first;
    to[cell] = last;
    if (what === WHAT.events) numbers[place] = counts[last] - counts[first];
    else if (what === WHAT.sum) numbers[place] = sumBetween(track, first, last) / POINTS;
    else if (what === WHAT.mean) {
      const times = counts[last] - counts[first];
      numbers[place] = times > 0 ? sumBetween(track, first, last) / times / POINTS : Number.NaN;
    } else if (what === WHAT.buckets) numbers[place] = last - first;
  }
}

/** The same over a track that holds nothing; numbers are left as they are. */
export function clearView(view: View, { from, to }: Stretches): void {
  for (const { cell } of view.windows) {
    from[cell] = 0;
    to[cell] = 0;
  }
  view.filled = false;
}
