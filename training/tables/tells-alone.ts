import { auc } from "../../models/metrics/auc.ts";
import type { Column, Numbers } from "../../models/model.ts";

/** How well one column by itself tells the label. */
export interface Alone {
  /** Area under the ROC curve, at least 0.5 whichever way round; 0.5 = says nothing. */
  readonly auc: number;
  /** A value or range whose rows are all of the rarer class, too many for chance. */
  readonly pure?: { readonly place: number; readonly rows: number };
}

const BINS = 64;
/** A range of one class only is chance above this probability. */
const CHANCE = 1e-9;
const PURE_ROWS = 30;

/**
 * What a column tells by itself: the larger of the AUC of its own order (numbers, missing rows in the middle) and the
 * AUC of the label's rate in each of up to 64 ranges or in each category, read crosswise from the other half of the
 * rows, so that many small categories do not seem to know what they only remember.
 *
 * @param label 0 or 1 by row
 * Cost: one sort of the rows.
 */
export function tellsAlone(column: Column, values: Numbers, label: Uint8Array): Alone {
  const bins = column.type === "category" ? categoryBins(values, column.categories.length) : rangeBins(values);
  const crosswise = auc(crossRates(bins.of, bins.count, label), label);
  const plain = column.type === "number" ? auc(missingInTheMiddle(values), label) : 0.5;
  return { auc: Math.max(0.5, crosswise, plain, 1 - plain), ...pureBin(bins.of, bins.count, label) };
}

/** A whole number below 2³² that looks like chance and is the same for the same row (the finaliser of MurmurHash3). */
export function scatter(i: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

interface Bins {
  /** The bin of each row; missing rows have the last one. */
  readonly of: Uint16Array;
  readonly count: number;
}

function categoryBins(values: Numbers, categories: number): Bins {
  const of = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) of[i] = Number.isNaN(values[i]) ? categories : values[i];
  return { of, count: categories + 1 };
}

function rangeBins(values: Numbers): Bins {
  const sorted = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const cuts = [...new Set([...quantileCuts(sorted), ...quantileCuts(distinct), ...distinct.subarray(1, 2)])].sort(
    (a, b) => a - b,
  );
  const of = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) of[i] = Number.isNaN(values[i]) ? cuts.length + 1 : upTo(cuts, values[i]);
  return { of, count: cuts.length + 2 };
}

/** Half of the ranges hold as many rows, half as many different values, so that a rare end of the scale is seen too; the smallest value (often zero) stands alone. */
const quantileCuts = (sorted: Float64Array): number[] =>
  Array.from({ length: BINS / 2 - 1 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / (BINS / 2))]).filter(
    (cut) => cut > sorted[0],
  );

/** How many cuts are no larger than the value. */
function upTo(cuts: readonly number[], value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cuts[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which half a row is in: scattered, for files whose labels take turns. */
const halfOf = (i: number): 0 | 1 => (scatter(i) & 1) as 0 | 1;

/** For each row the label's rate in its bin among the rows of the other half, drawn towards the whole rate by one row. */
function crossRates(of: Uint16Array, count: number, label: Uint8Array): Float64Array {
  const rows = [new Float64Array(count), new Float64Array(count)];
  const hits = [new Float64Array(count), new Float64Array(count)];
  let positives = 0;
  for (let i = 0; i < of.length; i++) {
    const half = halfOf(i);
    rows[half][of[i]]++;
    hits[half][of[i]] += label[i];
    positives += label[i];
  }
  const rate = positives / of.length;
  return Float64Array.from(of, (bin, i) => {
    const other = 1 - halfOf(i);
    return (hits[other][bin] + rate) / (rows[other][bin] + 1);
  });
}

function missingInTheMiddle(values: Numbers): Float64Array {
  const filled = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const middle = filled.length ? filled[filled.length >> 1] : 0;
  return Float64Array.from(values, (value) => (Number.isNaN(value) ? middle : value));
}

function pureBin(of: Uint16Array, count: number, label: Uint8Array): Pick<Alone, "pure"> {
  const rows = new Float64Array(count);
  const hits = new Float64Array(count);
  let positives = 0;
  for (let i = 0; i < of.length; i++) {
    rows[of[i]]++;
    hits[of[i]] += label[i];
    positives += label[i];
  }
  const rate = positives / of.length;
  const rarer = Math.min(rate, 1 - rate);
  let place = -1;
  for (let bin = 0; bin < count; bin++) {
    const inRarer = rate <= 0.5 ? hits[bin] : rows[bin] - hits[bin];
    const pure = rows[bin] >= PURE_ROWS && inRarer === rows[bin] && rarer ** rows[bin] < CHANCE;
    if (pure && (place < 0 || rows[bin] > rows[place])) place = bin;
  }
  return place < 0 ? {} : { pure: { place, rows: rows[place] } };
}
