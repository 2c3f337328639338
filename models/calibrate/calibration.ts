/**
 * Turns log-odds into probabilities that mean what they say. A value, not an object with life.
 *
 * - `identity`: the logistic function of the margin as it is.
 * - `platt`: logistic(slope · margin + intercept) (Platt 1999).
 * - `isotonic`: monotone steps fitted by pool-adjacent-violators, joined by straight lines between
 *   `at` (margins, ascending) and `probability`; flat outside (Zadrozny & Elkan 2002).
 */
export type Calibration =
  | { readonly kind: "identity" }
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  | { readonly kind: "isotonic"; readonly at: readonly number[]; readonly probability: readonly number[] };

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** The probability that `calibration` reads from a margin. Always within [0, 1]. Cost: O(log steps). */
export function calibrate(calibration: Calibration, margin: number): number {
  switch (calibration.kind) {
    case "identity":
      return logistic(margin);
    case "platt":
      return logistic(calibration.slope * margin + calibration.intercept);
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
