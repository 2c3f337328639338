import type { Numbers } from "../model.ts";
import { equalMassBins } from "./equal-mass-bins.ts";

/** Bins of the calibration error wherever this project reports one. */
export const ECE_BINS = 10;

/**
 * Expected calibration error over equal-mass bins: the mean distance between the probability said and the share
 * that happened, bins weighted by rows (Naeini et al. 2015; equal mass after Nixon et al. 2019).
 * Never 0 on finite rows, however good the model: read it beside `expectedEce`. Cost: O(n log n).
 */
export function ece(probability: Numbers, label: Uint8Array, bins = ECE_BINS): number {
  let sum = 0;
  for (const bin of equalMassBins(probability, label, bins)) sum += bin.rows * Math.abs(bin.probability - bin.rate);
  return sum / label.length;
}
