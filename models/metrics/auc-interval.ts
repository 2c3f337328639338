import { logistic } from "../math/logistic.ts";
import { logit } from "../math/logit.ts";
import type { Numbers } from "../model.ts";
import { aucPlacements } from "./auc-placements.ts";

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
  const placements = aucPlacements(score, label);
  const sum = [0, 0];
  for (let i = 0; i < label.length; i++) sum[label[i]] += placements[i];
  let positives = 0;
  for (const one of label) positives += one;
  const negatives = label.length - positives;
  const auc = sum[1] / positives;
  const square = [0, 0];
  for (let i = 0; i < label.length; i++) square[label[i]] += (placements[i] - auc) ** 2;
  const error = Math.sqrt(square[1] / (positives - 1) / positives + square[0] / (negatives - 1) / negatives);
  const reach = error === 0 ? 0 : (z * error) / (auc * (1 - auc));
  const bound = (sign: number) => (error === 0 ? auc : logistic(logit(auc) + sign * reach));
  return { auc, error, low: bound(-1), high: bound(1) };
}
