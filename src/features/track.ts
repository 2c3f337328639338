import { addPoints } from "./value.ts";

/**
 * What happened in one series, bucket by bucket, ascending. Counts and sums run up from the oldest bucket, so that
 * those of any window are a difference of two places: `counts[to] − counts[from]`, in whole numbers, hence exact.
 *
 * Only the first `size` places are meant (`size + 1` of the running lanes, whose first is 0); what lies behind them is
 * left over from before, since a track that drops its oldest buckets keeps its arrays.
 */
export interface Track {
  size: number;
  readonly buckets: number[];
  readonly counts: number[];
  /** In points, around the ring of `addPoints`; empty unless the series has values. */
  readonly sums: number[];
  /** The largest and the smallest value in each bucket; empty unless wanted. */
  readonly maxima: number[];
  readonly minima: number[];
}

/** Which lanes a track fills. */
export interface Lanes {
  readonly value: string | undefined;
  readonly maxima: boolean;
  readonly minima: boolean;
}

/** Lanes that nobody wants are one and the same array, which nobody writes to. */
const UNWANTED: number[] = [];

export function emptyTrack({ value, maxima, minima }: Lanes): Track {
  const valued = value !== undefined;
  return {
    size: 0,
    buckets: [],
    counts: [0],
    sums: valued ? [0] : UNWANTED,
    maxima: valued && maxima ? [] : UNWANTED,
    minima: valued && minima ? [] : UNWANTED,
  };
}

/** Stands for a track that nothing was written to, so that most tracks of most entities cost nothing. */
export const NO_TRACK: Track = { size: 0, buckets: [], counts: [0], sums: [0], maxima: [], minima: [] };

/** The first place whose bucket is at least `bucket`. Cost: O(1) at either end, O(log n) between. */
export function placeOf({ buckets, size }: Track, bucket: number): number {
  if (size === 0 || buckets[0] >= bucket) return 0;
  if (buckets[size - 1] < bucket) return size;
  let low = 1;
  let high = size - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (buckets[middle] < bucket) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As `placeOf`. Cost: O(1) also where `guess` is the place, or the first or second before it. */
export function placeNear(track: Track, bucket: number, guess: number): number {
  const { buckets, size } = track;
  if (size === 0 || buckets[0] >= bucket) return 0;
  if (buckets[size - 1] < bucket) return size;
  if (guess <= 0 || guess >= size || buckets[guess - 1] >= bucket) return placeOf(track, bucket);
  let place = guess;
  if (buckets[place] < bucket) place++;
  if (buckets[place] < bucket) place++; // never beyond the newest bucket, which is not before `bucket`
  return buckets[place] < bucket ? placeOf(track, bucket) : place;
}

/** `times` more events worth `points` together in a bucket. Cost: O(1) in the newest bucket and after it, O(buckets after it) before. */
export function addToTrack(track: Track, bucket: number, points: number, lanes: Lanes, times = 1): void {
  const { buckets, counts } = track;
  const { size } = track;
  let i = size - 1;
  while (i >= 0 && buckets[i] > bucket) i--;
  if (i < 0 || buckets[i] !== bucket) {
    i++;
    insert(track, i, bucket, points, lanes);
  } else if (lanes.value !== undefined) {
    if (lanes.maxima && points > track.maxima[i]) track.maxima[i] = points;
    if (lanes.minima && points < track.minima[i]) track.minima[i] = points;
  }
  const end = track.size;
  for (let j = i + 1; j <= end; j++) counts[j] += times;
  if (lanes.value === undefined) return;
  for (let j = i + 1; j <= end; j++) track.sums[j] = addPoints(track.sums[j], points);
}

/** Opens a bucket without any event at place `i`. */
function insert(track: Track, i: number, bucket: number, points: number, lanes: Lanes): void {
  const { size, buckets, counts, sums, maxima, minima } = track;
  for (let j = size; j > i; j--) {
    buckets[j] = buckets[j - 1];
    counts[j + 1] = counts[j];
  }
  buckets[i] = bucket;
  counts[i + 1] = counts[i];
  if (lanes.value !== undefined) {
    for (let j = size; j > i; j--) sums[j + 1] = sums[j];
    sums[i + 1] = sums[i];
    if (lanes.maxima) {
      for (let j = size; j > i; j--) maxima[j] = maxima[j - 1];
      maxima[i] = points;
    }
    if (lanes.minima) {
      for (let j = size; j > i; j--) minima[j] = minima[j - 1];
      minima[i] = points;
    }
  }
  track.size = size + 1;
}

/** Drops what lies before `bucket`. */
export function dropBefore(track: Track, bucket: number): void {
  const { size, buckets, counts, sums, maxima, minima } = track;
  if (size === 0 || buckets[0] >= bucket) return;
  const gone = placeOf(track, bucket);
  const left = size - gone;
  const valued = sums.length > 0;
  for (let j = 0; j < left; j++) {
    buckets[j] = buckets[j + gone];
    if (maxima.length > 0) maxima[j] = maxima[j + gone];
    if (minima.length > 0) minima[j] = minima[j + gone];
  }
  const count = counts[gone];
  const sum = valued ? sums[gone] : 0;
  for (let j = 1; j <= left; j++) {
    counts[j] = counts[j + gone] - count;
    if (valued) sums[j] = addPoints(sums[j + gone], -sum);
  }
  track.size = left;
}

/** Events from place `from` up to and without place `to`. */
export const countBetween = ({ counts }: Track, from: number, to: number): number => counts[to] - counts[from];

/** The sum of their values in points. */
export const sumBetween = ({ sums }: Track, from: number, to: number): number => addPoints(sums[to], -sums[from]);
