import { addPoints } from "./value.ts";

/**
 * What happened, bucket by bucket and series by series, sparse and sorted:
 * `keys[i] = bucket · (number of series) + series`, ascending; `sums` and `maxima` in points.
 */
export interface Buckets {
  readonly keys: number[];
  readonly counts: number[];
  readonly sums: number[];
  readonly maxima: number[];
}

export const emptyBuckets = (): Buckets => ({ keys: [], counts: [], sums: [], maxima: [] });

/** The first index whose key is at least `key`. Cost: O(1) at the end, O(log n) elsewhere. */
export function lowerBound(keys: readonly number[], key: number): number {
  let high = keys.length;
  if (high === 0 || keys[high - 1] < key) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One more event worth `points` in the bucket `key`; its largest value is kept where that is wanted, and is 0 elsewhere. */
export function addToBucket(buckets: Buckets, key: number, points: number, keepMaximum: boolean): void {
  const { keys, counts, sums, maxima } = buckets;
  const largest = keepMaximum ? points : 0;
  const i = lowerBound(keys, key);
  if (keys[i] === key) {
    counts[i]++;
    sums[i] = addPoints(sums[i], points);
    if (largest > maxima[i]) maxima[i] = largest;
  } else if (i === keys.length) {
    keys.push(key);
    counts.push(1);
    sums.push(points);
    maxima.push(largest);
  } else {
    keys.splice(i, 0, key);
    counts.splice(i, 0, 1);
    sums.splice(i, 0, points);
    maxima.splice(i, 0, largest);
  }
}

/** Drops what lies before `key`. */
export function dropBefore({ keys, counts, sums, maxima }: Buckets, key: number): void {
  if (keys.length === 0 || keys[0] >= key) return;
  const gone = lowerBound(keys, key);
  for (const lane of [keys, counts, sums, maxima]) lane.splice(0, gone);
}
