import { quantile } from "../math/quantile.ts";
import { sortedValues } from "../math/sorted-values.ts";
import type { Column, Numbers } from "../model.ts";
import { type ColumnBasis, signedLog } from "./column-basis.ts";

export interface BasisOptions {
  /** Bends a number column may have; 0 = straight lines. */
  readonly knots: number;
  /** A level with fewer rows shares a place with the other rare ones. */
  readonly rareRows: number;
  /** Places a category may have. */
  readonly mostLevels: number;
}

/** Values beyond these shares of the rows are read as these points: one wild value must not tilt a line. */
const EDGE = 0.002;
/** Beyond these a square is no number any more; values are read as these, and differences as none. */
const LARGEST = 1e150;
const SMALLEST = 1e-150;
/** Skewness from which a column is read on a logarithmic scale. */
const SKEWED = 2;

/** How to encode one column, from the rows that fit alone. Cost: one sort of the column. */
export function planBasis(column: Column, values: Numbers, options: BasisOptions): ColumnBasis {
  return column.type === "number" ? planNumber(values, options) : planLevels(column, values, options);
}

function planNumber(values: Numbers, { knots }: BasisOptions): ColumnBasis {
  const sorted = sortedValues(values).map((x) => Math.min(LARGEST, Math.max(-LARGEST, x)));
  const missing = sorted.length < values.length;
  if (sorted.length === 0) return { type: "none" };
  if (!(sorted[sorted.length - 1] - sorted[0] > SMALLEST))
    // One value only: all that can be told is whether it is there.
    return missing
      ? { type: "number", log: 0, low: sorted[0], high: sorted[0], centre: sorted[0], spread: 1, knots: [], missing }
      : { type: "none" };

  const log = Math.abs(skewness(sorted)) > SKEWED ? logScale(sorted) : 0;
  const t = log ? sorted.map((x) => signedLog(x, log)) : sorted;
  let low = quantile(t, EDGE);
  let high = quantile(t, 1 - EDGE);
  // A value held by nearly all rows: cutting the rest off would leave nothing to see.
  if (!(high - low > SMALLEST)) [low, high] = [t[0], t[t.length - 1]];
  const cut = t.map((x) => Math.min(high, Math.max(low, x)));
  const centre = cut.reduce((sum, x) => sum + x / cut.length, 0);
  const spread = Math.sqrt(cut.reduce((sum, x) => sum + (x - centre) ** 2 / cut.length, 0)) || 1;
  return {
    type: "number",
    log,
    low,
    high,
    centre,
    spread,
    knots: placeKnots(cut, knots)
      .map((x) => (x - centre) / spread)
      .filter((z, k, all) => k === 0 || z > all[k - 1]),
    missing,
  };
}

/** The least part of the largest value that a scale may be, so that a ratio to it stays a number. */
const FINEST_SCALE = 1e-12;

/** The median size of what is not zero: where the scale turns from straight to logarithmic. */
function logScale(sorted: Float64Array): number {
  const sizes = sorted
    .filter((x) => x !== 0)
    .map(Math.abs)
    .sort();
  return Math.max(quantile(sizes, 0.5), FINEST_SCALE * sizes[sizes.length - 1]);
}

function skewness(values: Float64Array): number {
  const mean = values.reduce((sum, x) => sum + x / values.length, 0);
  const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2 / values.length, 0));
  return values.reduce((sum, x) => sum + ((x - mean) / spread) ** 3 / values.length, 0);
}

/** At most `count` inner points, at quantiles of the distinct mass: a heap of equal values takes one knot, not all. */
function placeKnots(sorted: Float64Array, count: number): number[] {
  if (count === 0) return [];
  const distinct = sorted.filter((x, i) => i === 0 || x !== sorted[i - 1]);
  if (distinct.length <= count + 2) return [...distinct.subarray(1, -1)];
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  const knots: number[] = [];
  // A heap at the lower end (so many zeros) gets a knot of its own right above it, and the quantiles of the rest follow.
  const heap = sorted.lastIndexOf(low) + 1;
  const rest = heap > sorted.length / (count + 1) ? sorted.subarray(heap) : sorted;
  if (rest !== sorted) knots.push(rest[0]);
  const wanted = count - knots.length;
  for (let k = 1; k <= wanted; k++) {
    const at = quantile(rest, k / (wanted + 1));
    if (at > (knots.at(-1) ?? low) && at < high) knots.push(at);
  }
  return knots;
}

function planLevels(column: Exclude<Column, { type: "number" }>, values: Numbers, options: BasisOptions): ColumnBasis {
  const count = new Float64Array(column.type === "category" ? column.categories.length : 2);
  let absent = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= 0 && values[i] < count.length) count[values[i]]++;
    else absent++;
  }
  const byCount = [...count.keys()].sort((a, b) => count[b] - count[a] || a - b);
  const frequent = byCount.filter((l) => count[l] >= options.rareRows).slice(0, options.mostLevels);
  const place = new Array<number>(count.length).fill(-1);
  let places = 0;
  for (const level of frequent.sort((a, b) => a - b)) place[level] = places++;
  const pooled = byCount.filter((level) => count[level] > 0 && place[level] < 0);
  const rare = pooled.length > 0 ? places++ : -1;
  for (const level of pooled) place[level] = rare;
  const missing = absent > 0 ? places++ : -1;
  return places < 2 ? { type: "none" } : { type: "levels", places, place, rare, missing };
}
