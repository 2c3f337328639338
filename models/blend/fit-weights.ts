import { nonNegativeLogistic } from "../math/non-negative-logistic.ts";

export interface BlendWeights {
  /** One for each member, not below 0. */
  readonly weights: readonly number[];
  readonly intercept: number;
}

/**
 * How much of each member's log-odds to take, and what to add, so that the log loss is least: logistic regression on
 * the members' margins with weights from 0 up (Breiman 1996, stacked regressions). The margins must be of rows that the
 * members did not fit. With `pull`, a ridge towards equal shares whose strength is `pull` for each unit of weight: members
 * that say nearly the same cannot be told apart by few rows. Cost: O(rows · members²) a step, about ten steps.
 */
export function fitBlendWeights(
  margins: readonly Float64Array[],
  label: Uint8Array,
  options: { readonly weight?: Float64Array; readonly pull?: number } = {},
): BlendWeights {
  const { weight, pull = 0 } = options;
  const start = margins.map(() => 1 / margins.length);
  const total = weight?.reduce((sum, w) => sum + w, 0) ?? label.length;
  return nonNegativeLogistic(margins, Float64Array.from(label), { weight, start, pull: pull * total });
}

/** The blend's log-odds of the rows whose members' margins are given. */
export function blendMargins(margins: readonly Float64Array[], { weights, intercept }: BlendWeights): Float64Array {
  const out = new Float64Array(margins[0].length).fill(intercept);
  margins.forEach((margin, k) => {
    for (let i = 0; i < out.length; i++) out[i] += weights[k] * margin[i];
  });
  return out;
}
