import { quantile } from "../math/quantile.ts";
import { sortedValues } from "../math/sorted-values.ts";
import type { Numbers } from "../model.ts";

/**
 * How one column is made comparable with the others. Plain data.
 *
 * A missing value becomes `fill` (the median); then the signed logarithm over `log` where the column is heavily skewed
 * (0 = none); then it is cut to [low, high]; then (x − centre) / spread.
 */
export interface Preparation {
  readonly fill: number;
  readonly log: number;
  readonly low: number;
  readonly high: number;
  readonly centre: number;
  readonly spread: number;
}

/** Values beyond these shares of the rows are read as these points: one wild value must not make a cluster. */
const EDGE = 0.01;
/** Skewness from which a column is read on a logarithmic scale. */
const SKEWED = 1;

const bend = (x: number, scale: number) => (scale === 0 ? x : Math.sign(x) * Math.log1p(Math.abs(x) / scale));

/** How to prepare a column, or undefined when it says nothing: no values, or nearly all the same. Cost: one sort. */
export function planPreparation(values: Numbers): Preparation | undefined {
  const sorted = sortedValues(values);
  if (sorted.length === 0 || sorted[0] === sorted[sorted.length - 1]) return undefined;
  const fill = quantile(sorted, 0.5);
  const log = Math.abs(skewness(sorted)) > SKEWED ? medianSize(sorted) : 0;
  const bent = sorted.map((x) => bend(x, log));
  const [low, high] = [quantile(bent, EDGE), quantile(bent, 1 - EDGE)];
  if (low === high) return undefined;
  const rest: Omit<Preparation, "centre" | "spread"> = { fill, log, low, high };
  const prepared = values.map((x) => cut(rest, x));
  const centre = meanOf(prepared);
  const spread = Math.sqrt(meanOf(prepared.map((x) => (x - centre) ** 2)));
  return spread > 0 ? { ...rest, centre, spread } : undefined;
}

function cut({ fill, log, low, high }: Omit<Preparation, "centre" | "spread">, x: number): number {
  return Math.min(high, Math.max(low, bend(Number.isNaN(x) ? fill : x, log)));
}

/** One value, prepared: in standard deviations from the mean. */
export const prepare = (preparation: Preparation, x: number): number =>
  (cut(preparation, x) - preparation.centre) / preparation.spread;

/** The median size of what is not 0: where the logarithm begins to bend. */
function medianSize(sorted: Float64Array): number {
  const sizes = sorted
    .filter((x) => x !== 0)
    .map(Math.abs)
    .sort();
  return quantile(sizes, 0.5);
}

function skewness(values: Float64Array): number {
  const mean = meanOf(values);
  let second = 0;
  let third = 0;
  for (const x of values) {
    second += (x - mean) ** 2;
    third += (x - mean) ** 3;
  }
  const variance = second / values.length;
  return third / values.length / variance ** 1.5;
}

function meanOf(values: Numbers): number {
  let sum = 0;
  for (const x of values) sum += x;
  return sum / values.length;
}
