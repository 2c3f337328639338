import type { Numbers } from "../model.ts";

/** Smaller (and 1 − it, larger) probabilities are read as this one, so that one sure mistake is not an infinite loss. */
const EDGE = 1e-15;

/**
 * Mean negative log-likelihood in nats; weighted mean when `weight` is given. 0 is perfect, ln 2 is a coin.
 * NaN without rows. Cost: O(n).
 */
export function logLoss(probability: Numbers, label: Uint8Array, weight?: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < label.length; i++) {
    const p = Math.min(1 - EDGE, Math.max(EDGE, probability[i]));
    const w = weight ? weight[i] : 1;
    sum -= w * (label[i] ? Math.log(p) : Math.log1p(-p));
    total += w;
  }
  return sum / total;
}
