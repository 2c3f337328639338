import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

/**
 * Kolmogorov–Smirnov distance: the widest gap, over all thresholds, between the shares of positives and of
 * negatives that score above it. 0 tells nothing apart, 1 tells all. NaN when one class is absent. Cost: O(n log n).
 */
export function ks(score: Numbers, label: Uint8Array): number {
  const order = orderBy(score);
  let positives = 0;
  for (const one of label) positives += one;
  const negatives = label.length - positives;
  if (!positives || !negatives) return Number.NaN;
  let gap = 0;
  let widest = 0;
  for (let k = 0; k < order.length; k++) {
    gap += label[order[k]] ? -1 / positives : 1 / negatives;
    const tied = k + 1 < order.length && score[order[k + 1]] === score[order[k]];
    if (!tied) widest = Math.max(widest, Math.abs(gap));
  }
  return widest;
}
