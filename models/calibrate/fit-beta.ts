import { nonNegativeLogistic } from "../math/non-negative-logistic.ts";
import { softplus } from "../math/softplus.ts";
import type { Numbers } from "../model.ts";
import type { Calibration } from "./calibration.ts";

type Beta = Extract<Calibration, { kind: "beta" }>;

/**
 * Beta calibration (Kull, Silva Filho & Flach 2017): logistic(a · ln s − b · ln(1 − s) + c) with s the probability that
 * the margin says. a and b are never below 0, so that the order stays; unlike Platt's, it may stretch one end and not the
 * other; a = b = 1, c = 0 changes nothing. Fitted to Platt's smoothed targets, so that few rows do not make it sure.
 * Rows weigh `weight` when given. Cost: O(n) a step, about ten steps.
 */
export function fitBeta(margin: Numbers, label: Uint8Array, weight?: Float64Array): Beta {
  const total = [0, 0];
  for (let i = 0; i < label.length; i++) total[label[i]] += weight ? weight[i] : 1;
  const target = [1 / (total[0] + 2), (total[1] + 1) / (total[1] + 2)];
  const rise = Float64Array.from(margin, (m) => -softplus(-m));
  const fall = Float64Array.from(margin, (m) => softplus(m));
  const targets = Float64Array.from(label, (y) => target[y]);
  const { weights, intercept } = nonNegativeLogistic([rise, fall], targets, { weight, start: [1, 1] });
  return { kind: "beta", a: weights[0], b: weights[1], intercept };
}
