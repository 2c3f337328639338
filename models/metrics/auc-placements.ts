import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

/**
 * By row: the share of the other class's rows that it stands on the right side of, ties for half (mid-ranks; Sun & Xu 2014).
 * The mean over either class is the AUC; their spread is its error (DeLong, DeLong & Clarke-Pearson 1988). Cost: O(n log n).
 */
export function aucPlacements(score: Numbers, label: Uint8Array): Float64Array {
  const order = orderBy(score);
  const placements = midRanks(score, order);
  const count = [0, 0];
  for (const one of label) count[one]++;
  for (const wanted of [0, 1]) {
    const within = order.filter((i) => label[i] === wanted);
    const ranks = midRanks(score, within);
    for (const i of within) {
      const below = (placements[i] - ranks[i]) / count[1 - wanted];
      placements[i] = wanted ? below : 1 - below;
    }
  }
  return placements;
}

/** By index: the mean rank (from 1) among `order` of the rows that tie with it. */
function midRanks(score: Numbers, order: Uint32Array): Float64Array {
  const ranks = new Float64Array(score.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && score[order[end]] === score[order[start]]) end++;
    for (let k = start; k < end; k++) ranks[order[k]] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}
