import { type Extremes, openExtremes, widenExtremes } from "./extremes.ts";
import { addPoints } from "./value.ts";

/**
 * What happened in one series, bucket by bucket, ascending. Counts and sums run up from the oldest bucket, so that
 * those of any window are a difference of two places: `counts[to] − counts[from]`, in whole numbers, hence exact.
 *
 * Only the first `size` places are meant (`size + 1` of the running lanes, whose first is 0); what lies behind them is
 * left over from before, since a track that drops its oldest buckets keeps its arrays.
 */
export interface Track extends Extremes {
  size: number;
  readonly buckets: number[];
  readonly counts: number[];
  /** In points, around the ring of `addPoints`; empty unless the series has values. */
  readonly sums: number[];
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
    peaks: valued && maxima ? [] : UNWANTED,
    troughs: valued && minima ? [] : UNWANTED,
  };
}

/** A track of the same, with the lanes that are wanted. */
export function copyOf(track: Track, { value, maxima, minima }: Lanes): Track {
  const { size, buckets, counts, sums } = track;
  const valued = value !== undefined;
  return {
    size,
    buckets: buckets.slice(0, size),
    counts: counts.slice(0, size + 1),
    sums: valued ? sums.slice(0, size + 1) : UNWANTED,
    maxima: valued && maxima ? track.maxima.slice(0, size) : UNWANTED,
    minima: valued && minima ? track.minima.slice(0, size) : UNWANTED,
    peaks: valued && maxima ? track.peaks.slice(0, size) : UNWANTED,
    troughs: valued && minima ? track.troughs.slice(0, size) : UNWANTED,
  };
}

/** Stands for a track that nothing was written to, so that most tracks of most entities cost nothing. */
export const NO_TRACK: Track = {
  size: 0,
  buckets: [],
  counts: [0],
  sums: [0],
  maxima: [],
  minima: [],
  peaks: [],
  troughs: [],
};

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

/**
 * One more event worth `points` in a bucket. Cost: O(1) in the newest bucket and after it, O(buckets after it) before;
 * where extremes are wanted, also O(buckets in a row whose value it surpasses).
 */
export function addToTrack(track: Track, bucket: number, points: number, lanes: Lanes): void {
  const { size, buckets, counts, sums } = track;
  const newest = size - 1;
  if (size > 0 && buckets[newest] > bucket) {
    addBefore(track, bucket, points, lanes);
    return;
  }
  const valued = lanes.value !== undefined;
  if (size > 0 && buckets[newest] === bucket) {
    counts[size]++;
    if (!valued) return;
    sums[size] = addPoints(sums[size], points);
    widenExtremes(track, newest, points, lanes);
    return;
  }
  buckets[size] = bucket;
  counts[size + 1] = counts[size] + 1;
  track.size = size + 1;
  if (!valued) return;
  sums[size + 1] = addPoints(sums[size], points);
  openExtremes(track, size, points, lanes);
}

/** The same in or beside a bucket before the newest. */
function addBefore(track: Track, bucket: number, points: number, lanes: Lanes): void {
  const { buckets, counts, sums } = track;
  const valued = lanes.value !== undefined;
  const i = placeOf(track, bucket);
  if (buckets[i] !== bucket) insert(track, i, bucket, points, lanes);
  else if (valued) widenExtremes(track, i, points, lanes);
  for (let j = i + 1; j <= track.size; j++) counts[j]++;
  if (valued) for (let j = i + 1; j <= track.size; j++) sums[j] = addPoints(sums[j], points);
}

/** Inserts a bucket without any event at place `i`, before what is there. */
function insert(track: Track, i: number, bucket: number, points: number, lanes: Lanes): void {
  const { size, buckets, counts, sums, maxima, minima, peaks, troughs } = track;
  const valued = lanes.value !== undefined;
  shift(buckets, i, size);
  shift(counts, i + 1, size + 1);
  buckets[i] = bucket;
  counts[i + 1] = counts[i];
  if (valued) {
    shift(sums, i + 1, size + 1);
    sums[i + 1] = sums[i];
    if (lanes.maxima) shift(maxima, i, size);
    if (lanes.maxima) shift(peaks, i, size);
    if (lanes.minima) shift(minima, i, size);
    if (lanes.minima) shift(troughs, i, size);
  }
  track.size = size + 1;
  if (valued) openExtremes(track, i, points, lanes);
}

/** Makes room at place `i` of a lane of `size` places. */
function shift(lane: number[], i: number, size: number): void {
  for (let j = size; j > i; j--) lane[j] = lane[j - 1];
}

/** Closes the gap of the `gone` first places of a lane, unless it is one that nobody wants. */
function close(lane: number[], gone: number, left: number): void {
  if (lane.length > 0) for (let j = 0; j < left; j++) lane[j] = lane[j + gone];
}

/** Drops what lies before `bucket`. */
export function dropBefore(track: Track, bucket: number): void {
  const { size, buckets, counts, sums } = track;
  if (size === 0 || buckets[0] >= bucket) return;
  if (buckets[size - 1] < bucket) {
    track.size = 0;
    return;
  }
  const gone = placeOf(track, bucket);
  const left = size - gone;
  track.size = left;
  close(buckets, gone, left);
  close(track.maxima, gone, left);
  close(track.minima, gone, left);
  close(track.peaks, gone, left);
  close(track.troughs, gone, left);
  const count = counts[gone];
  for (let j = 1; j <= left; j++) counts[j] = counts[j + gone] - count;
  if (sums.length === 0) return;
  const sum = sums[gone];
  for (let j = 1; j <= left; j++) sums[j] = addPoints(sums[j + gone], -sum);
}

/** Events from place `from` up to and without place `to`. */
export const countBetween = ({ counts }: Track, from: number, to: number): number => counts[to] - counts[from];

/** The sum of their values in points. */
export const sumBetween = ({ sums }: Track, from: number, to: number): number => addPoints(sums[to], -sums[from]);
