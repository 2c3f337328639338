import { softplus } from "../math/softplus.ts";

/**
 * Turns log-odds into probabilities that mean what they say. A value, not an object with life.
 *
 * - `identity`: the logistic function of the margin as it is.
 * - `platt`: logistic(slope · margin + intercept) (Platt 1999).
 * - `beta`: logistic(a · ln s − b · ln(1 − s) + intercept), s = logistic(margin), a, b ≥ 0 (Kull et al. 2017).
 * - `isotonic`: monotone steps fitted by pool-adjacent-violators, joined by straight lines between
 *   `at` (margins, ascending) and `probability`; flat outside (Zadrozny & Elkan 2002).
 */
export type Calibration =
  | { readonly kind: "identity" }
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  | { readonly kind: "beta"; readonly a: number; readonly b: number; readonly intercept: number }
  | { readonly kind: "isotonic"; readonly at: readonly number[]; readonly probability: readonly number[] };

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

type Smooth = Exclude<Calibration, { kind: "isotonic" }>;

/** The calibrated log-odds, for the kinds that have a formula. */
export function calibratedMargin(calibration: Smooth, margin: number): number {
  switch (calibration.kind) {
    case "identity":
      return margin;
    case "platt":
      return calibration.slope * margin + calibration.intercept;
    case "beta":
      return calibration.intercept + calibration.b * softplus(margin) - calibration.a * softplus(-margin);
  }
}

/** The probability that `calibration` reads from a margin. Always within [0, 1]. Cost: O(log steps). */
export function calibrate(calibration: Calibration, margin: number): number {
  switch (calibration.kind) {
    case "identity":
      return logistic(margin);
    case "platt":
    case "beta":
      return logistic(calibratedMargin(calibration, margin));
    case "isotonic": {
      const { at, probability } = calibration;
      const last = at.length - 1;
      if (margin <= at[0]) return probability[0];
      if (margin >= at[last]) return probability[last];
      let low = 0;
      let high = last;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (at[middle] <= margin) low = middle;
        else high = middle;
      }
      const share = (margin - at[low]) / (at[high] - at[low]);
      return probability[low] + share * (probability[high] - probability[low]);
    }
  }
}
