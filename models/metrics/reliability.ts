import type { Numbers } from "../model.ts";
import { type Bin, equalMassBins } from "./equal-mass-bins.ts";

export interface ReliabilityPoint extends Bin {
  /** 95 % interval of the rate (Wilson 1927): where it may really lie, given so few rows. */
  readonly low: number;
  readonly high: number;
}

/** The reliability curve: what was said and what happened, in about `bins` equal-mass bins, lowest first. */
export function reliability(probability: Numbers, label: Uint8Array, bins = 10): ReliabilityPoint[] {
  return equalMassBins(probability, label, bins).map((bin) => ({ ...bin, ...wilson(bin.positives, bin.rows) }));
}

function wilson(positives: number, rows: number, z = 1.96): { low: number; high: number } {
  const rate = positives / rows;
  const shrink = 1 + z ** 2 / rows;
  const middle = (rate + z ** 2 / (2 * rows)) / shrink;
  const reach = (z / shrink) * Math.sqrt((rate * (1 - rate)) / rows + z ** 2 / (4 * rows ** 2));
  return { low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) };
}
