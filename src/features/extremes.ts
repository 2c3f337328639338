import type { Lanes, Track } from "./track.ts";

/**
 * Of a track whose series is asked for extremes: those of each bucket, which are kept, and those from each bucket on to
 * the newest, which follow from them. Windows mostly end with the newest bucket: theirs are found without a walk.
 */
export interface Extremes {
  /** The largest and the smallest value in each bucket; empty unless wanted. */
  readonly maxima: number[];
  readonly minima: number[];
  /** The largest and the smallest value from each bucket on; empty unless wanted. */
  readonly peaks: number[];
  readonly troughs: number[];
}

/** The first value in the bucket at place `i`. Cost: O(buckets before it that saw none as extreme since). */
export function openExtremes(track: Track, i: number, points: number, lanes: Lanes): void {
  const { maxima, minima, peaks, troughs } = track;
  const isNewest = i === track.size - 1;
  if (lanes.maxima) {
    maxima[i] = points;
    peaks[i] = isNewest ? points : peaks[i + 1];
    raise(peaks, isNewest ? i - 1 : i, points);
  }
  if (lanes.minima) {
    minima[i] = points;
    troughs[i] = isNewest ? points : troughs[i + 1];
    lower(troughs, isNewest ? i - 1 : i, points);
  }
}

/** One more value in the bucket at place `i`. */
export function widenExtremes({ maxima, minima, peaks, troughs }: Extremes, i: number, points: number, lanes: Lanes) {
  if (lanes.maxima && points > maxima[i]) {
    maxima[i] = points;
    raise(peaks, i, points);
  }
  if (lanes.minima && points < minima[i]) {
    minima[i] = points;
    lower(troughs, i, points);
  }
}

/** Fills in the extremes from each bucket on, where those of each bucket are known. */
export function lookBack({ size, maxima, minima, peaks, troughs }: Track, lanes: Lanes): void {
  if (size === 0) return;
  if (lanes.maxima) {
    peaks[size - 1] = maxima[size - 1];
    for (let i = size - 2; i >= 0; i--) peaks[i] = maxima[i] > peaks[i + 1] ? maxima[i] : peaks[i + 1];
  }
  if (lanes.minima) {
    troughs[size - 1] = minima[size - 1];
    for (let i = size - 2; i >= 0; i--) troughs[i] = minima[i] < troughs[i + 1] ? minima[i] : troughs[i + 1];
  }
}

/** The largest value from place `first` up to and without place `end`, which lies behind it. */
export function largestOf({ size, maxima, peaks }: Track, first: number, end: number): number {
  if (end === size) return peaks[first];
  let largest = maxima[first];
  for (let i = first + 1; i < end; i++) if (maxima[i] > largest) largest = maxima[i];
  return largest;
}

/** The smallest. */
export function smallestOf({ size, minima, troughs }: Track, first: number, end: number): number {
  if (end === size) return troughs[first];
  let smallest = minima[first];
  for (let i = first + 1; i < end; i++) if (minima[i] < smallest) smallest = minima[i];
  return smallest;
}

/** What comes at place `i` is seen from there and from before; who sees as much already has those before it do so too. */
function raise(peaks: number[], i: number, points: number): void {
  for (let j = i; j >= 0 && peaks[j] < points; j--) peaks[j] = points;
}

function lower(troughs: number[], i: number, points: number): void {
  for (let j = i; j >= 0 && troughs[j] > points; j--) troughs[j] = points;
}
