import { orderBy } from "../math/order-by.ts";
import { quantile } from "../math/quantile.ts";
import type { Numbers } from "../model.ts";
import { createRandom } from "../random.ts";
import { ECE_BINS } from "./ece.ts";
import { binEnds } from "./equal-mass-bins.ts";

export interface ExpectedEce {
  readonly mean: number;
  /** 95 of 100 perfectly calibrated models show no more than this. */
  readonly p95: number;
}

/**
 * The calibration error that a perfectly calibrated model would show on these very probabilities:
 * labels are drawn from them `draws` times and the ECE is taken each time (after Bröcker & Smith 2007).
 * A measured ECE above `p95` is more than chance. Cost: O(n log n + n · draws).
 */
export function expectedEce(
  probability: Numbers,
  options: { readonly seed: number; readonly draws?: number; readonly bins?: number },
): ExpectedEce {
  const { seed, draws = 400, bins = ECE_BINS } = options;
  const random = createRandom(seed);
  const order = orderBy(probability);
  const ends = binEnds(probability, order, bins);
  const sorted = Float64Array.from(order, (i) => probability[i]);
  const errors = new Float64Array(draws);
  for (let d = 0; d < draws; d++) {
    let start = 0;
    for (const end of ends) {
      let gap = 0;
      for (let k = start; k < end; k++) gap += sorted[k] - (random.next() < sorted[k] ? 1 : 0);
      errors[d] += Math.abs(gap) / sorted.length;
      start = end;
    }
  }
  const mean = errors.reduce((sum, e) => sum + e, 0) / draws;
  return { mean, p95: quantile(errors.sort(), 0.95) };
}
