import type { Numbers } from "../model.ts";
import { equalMassBins } from "./equal-mass-bins.ts";

export interface GainStep {
  /** Share of all rows taken so far, best scores first. */
  readonly taken: number;
  /** Share of all positives among them. */
  readonly found: number;
  /** Their rate over the base rate. */
  readonly lift: number;
  /** Rate within this step alone. */
  readonly rate: number;
  readonly rows: number;
}

/**
 * The gain table: taking the best scores first in about `steps` equal steps, how many of the positives are found.
 * Equal scores are taken together. NaN shares when there is no positive. Cost: O(n log n).
 */
export function gain(score: Numbers, label: Uint8Array, steps = 10): GainStep[] {
  const bins = equalMassBins(score, label, steps).reverse();
  const rows = label.length;
  const positives = bins.reduce((sum, bin) => sum + bin.positives, 0);
  let taken = 0;
  let found = 0;
  return bins.map((bin) => {
    taken += bin.rows;
    found += bin.positives;
    const step = { taken: taken / rows, found: found / positives };
    return { ...step, lift: step.found / step.taken, rate: bin.rate, rows: bin.rows };
  });
}
