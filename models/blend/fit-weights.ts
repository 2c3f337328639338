import { nonNegativeLogistic } from "../math/non-negative-logistic.ts";

export interface BlendWeights {
  /** One for each member, not below 0. */
  readonly weights: readonly number[];
  readonly intercept: number;
}

/**
 * How much of each member's log-odds to take, and what to add, so that the log loss is least: logistic regression on
 * the members' margins with weights from 0 up (Breiman 1996, stacked regressions). The margins must be of rows that the
 * members did not fit. Cost: O(rows · members²) a step, about ten steps.
 */
export function fitBlendWeights(
  margins: readonly Float64Array[],
  label: Uint8Array,
  weight?: Float64Array,
): BlendWeights {
  const start = margins.map(() => 1 / margins.length);
  return nonNegativeLogistic(margins, Float64Array.from(label), { weight, start });
}

/** The blend's log-odds of the rows whose members' margins are given. */
export function blendMargins(margins: readonly Float64Array[], { weights, intercept }: BlendWeights): Float64Array {
  const out = new Float64Array(margins[0].length).fill(intercept);
  margins.forEach((margin, k) => {
    for (let i = 0; i < out.length; i++) out[i] += weights[k] * margin[i];
  });
  return out;
}
