import { logistic } from "../math/logistic.ts";
import { logit } from "../math/logit.ts";
import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

export interface AucInterval {
  readonly auc: number;
  /** Standard error of the AUC. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The AUC with DeLong's standard error (DeLong, DeLong & Clarke-Pearson 1988), by mid-ranks (Sun & Xu 2014),
 * and an interval drawn on the log-odds scale so that it stays within 0 and 1. `z` = 1.96 gives 95 %.
 * NaN with fewer than two rows of a class. An AUC of exactly 0 or 1 has an interval of no width. Cost: O(n log n).
 */
export function aucInterval(score: Numbers, label: Uint8Array, z = 1.96): AucInterval {
  const order = orderBy(score);
  const all = midRanks(score, order);
  const own = new Float64Array(score.length);
  for (const wanted of [0, 1]) {
    const within = order.filter((i) => label[i] === wanted);
    const ranks = midRanks(score, within);
    for (const i of within) own[i] = ranks[i];
  }
  let positives = 0;
  for (const one of label) positives += one;
  const negatives = label.length - positives;
  // A row's placement: the share of the other class that it stands on the right side of.
  const placement = (i: number) => (label[i] ? (all[i] - own[i]) / negatives : 1 - (all[i] - own[i]) / positives);
  const sum = [0, 0];
  for (let i = 0; i < label.length; i++) sum[label[i]] += placement(i);
  const auc = sum[1] / positives;
  const square = [0, 0];
  for (let i = 0; i < label.length; i++) square[label[i]] += (placement(i) - auc) ** 2;
  const error = Math.sqrt(square[1] / (positives - 1) / positives + square[0] / (negatives - 1) / negatives);
  const reach = error === 0 ? 0 : (z * error) / (auc * (1 - auc));
  const bound = (sign: number) => (error === 0 ? auc : logistic(logit(auc) + sign * reach));
  return { auc, error, low: bound(-1), high: bound(1) };
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
