import type { ColumnBasis } from "../prepare/column-basis.ts";
import type { ColumnEffect } from "./logistic-model.ts";

/**
 * The coefficients of one column's places folded into the curve or table that serving reads, relative to the
 * average row. `beta` and `means` are the column's own places.
 */
export function effectOf(basis: ColumnBasis, beta: Float64Array, means: Float64Array): ColumnEffect {
  let average = 0;
  for (let k = 0; k < beta.length; k++) average += beta[k] * means[k];
  switch (basis.type) {
    case "none":
      return { type: "none" };
    case "levels": {
      const of = (place: number) => (place < 0 ? 0 : beta[place] - average);
      const missing = of(basis.missing >= 0 ? basis.missing : basis.rare);
      return { type: "levels", effect: basis.place.map((place) => (place < 0 ? missing : of(place))), missing };
    }
    case "number": {
      const { centre, spread, knots, low, high } = basis;
      const last = knots.length + 1;
      const mark = basis.missing ? beta[last] : 0;
      const absent = basis.missing ? means[last] : 0;
      if (low === high)
        return { type: "curve", log: 0, at: [low], effect: [-mark * absent], missing: mark * (1 - absent) };
      const height = (z: number) => {
        let sum = beta[0] * z;
        for (let k = 0; k < knots.length; k++) sum += beta[1 + k] * Math.max(0, z - knots[k]);
        return sum - average;
      };
      const inner = knots.map((knot) => centre + spread * knot).filter((t) => t > low && t < high);
      const at = [low, ...inner, high];
      return {
        type: "curve",
        log: basis.log,
        at,
        effect: at.map((t) => height((t - centre) / spread)),
        // The places of a missing number are at their means, so only the mark speaks.
        missing: mark * (1 - absent),
      };
    }
  }
}
