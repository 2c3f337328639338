import type { Numbers } from "../model.ts";
import { equalMassBins } from "./equal-mass-bins.ts";

/** Mean squared distance between probability and outcome (Brier 1950). 0 is perfect; NaN without rows. Cost: O(n). */
export function brier(probability: Numbers, label: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < label.length; i++) sum += (probability[i] - label[i]) ** 2;
  return sum / label.length;
}

export interface BrierParts {
  /** How far the bins' probabilities are from what happened there: smaller is better. */
  readonly reliability: number;
  /** How much the bins' outcomes differ from the base rate: larger is better. */
  readonly resolution: number;
  /** base rate · (1 − base rate): what a constant would lose. */
  readonly uncertainty: number;
}

/**
 * Murphy's (1973) parts over equal-mass bins: reliability − resolution + uncertainty is the Brier score of
 * the bins' mean probabilities, and equals `brier` when all probabilities within a bin are equal.
 */
export function brierParts(probability: Numbers, label: Uint8Array, bins = 10): BrierParts {
  const list = equalMassBins(probability, label, bins);
  const n = label.length;
  const base = list.reduce((sum, bin) => sum + bin.positives, 0) / n;
  let reliability = 0;
  let resolution = 0;
  for (const bin of list) {
    reliability += (bin.rows / n) * (bin.probability - bin.rate) ** 2;
    resolution += (bin.rows / n) * (bin.rate - base) ** 2;
  }
  return { reliability, resolution, uncertainty: base * (1 - base) };
}
