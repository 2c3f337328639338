import { orderBy } from "../math/order-by.ts";
import { quantile } from "../math/quantile.ts";
import type { Numbers } from "../model.ts";
import { createRandom, type Random } from "../random.ts";
import { ECE_BINS } from "./ece.ts";
import { binEnds } from "./equal-mass-bins.ts";

export interface ExpectedEce {
  readonly mean: number;
  /** 95 of 100 perfectly calibrated models show no more than this. */
  readonly p95: number;
}

/** Expected variance of a bin's count of positives from which the count is drawn as a normal number. */
const MANY = 100;

/**
 * The calibration error that a perfectly calibrated model would show on these very probabilities:
 * labels are drawn from them `draws` times and the ECE is taken each time (after Bröcker & Smith 2007).
 * A measured ECE above `p95` is more than chance. In bins with many rows only the count is drawn, from its normal
 * limit. Cost: O(n log n), and O(n · draws) up to some hundred rows a bin.
 */
export function expectedEce(
  probability: Numbers,
  options: { readonly seed: number; readonly draws?: number; readonly bins?: number },
): ExpectedEce {
  const { seed, draws = 400, bins = ECE_BINS } = options;
  const random = createRandom(seed);
  const order = orderBy(probability);
  const sorted = Float64Array.from(order, (i) => probability[i]);
  const errors = new Float64Array(draws);
  let start = 0;
  for (const end of binEnds(probability, order, bins)) {
    const bin = sorted.subarray(start, end);
    const variance = bin.reduce((sum, p) => sum + p * (1 - p), 0);
    const gap = variance > MANY ? () => Math.sqrt(variance) * random.normal() : () => gapDrawn(bin, random);
    for (let d = 0; d < draws; d++) errors[d] += Math.abs(gap()) / sorted.length;
    start = end;
  }
  const mean = errors.reduce((sum, e) => sum + e, 0) / draws;
  return { mean, p95: quantile(errors.sort(), 0.95) };
}

function gapDrawn(bin: Float64Array, random: Random): number {
  let gap = 0;
  for (const p of bin) gap += p - (random.next() < p ? 1 : 0);
  return gap;
}
