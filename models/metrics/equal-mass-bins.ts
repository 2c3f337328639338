import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

/** Neighbouring rows by probability, and what happened to them. */
export interface Bin {
  readonly rows: number;
  readonly positives: number;
  /** Mean probability that was said. */
  readonly probability: number;
  /** Share that turned out positive. */
  readonly rate: number;
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Where to cut rows, sorted by probability, into about `bins` bins of equal size: ends, ascending, last = n.
 * Equal probabilities stay in one bin, so that the order of rows never matters; there may be fewer bins than asked.
 */
export function binEnds(probability: Numbers, order: Uint32Array, bins: number): number[] {
  const n = order.length;
  const ends: number[] = [];
  for (let b = 1; b <= bins; b++) {
    let end = Math.round((b * n) / bins);
    if (end <= (ends.at(-1) ?? 0)) continue;
    while (end < n && probability[order[end]] === probability[order[end - 1]]) end++;
    ends.push(end);
  }
  return ends;
}

/** The rows cut by probability into about `bins` bins of equal size, lowest first. Cost: O(n log n). */
export function equalMassBins(probability: Numbers, label: Uint8Array, bins: number): Bin[] {
  const order = orderBy(probability);
  let start = 0;
  return binEnds(probability, order, bins).map((end) => {
    let positives = 0;
    let sum = 0;
    for (let k = start; k < end; k++) {
      positives += label[order[k]];
      sum += probability[order[k]];
    }
    const rows = end - start;
    const [lowest, highest] = [probability[order[start]], probability[order[end - 1]]];
    start = end;
    return { rows, positives, probability: sum / rows, rate: positives / rows, lowest, highest };
  });
}
