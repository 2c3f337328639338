import { logistic } from "../math/logistic.ts";
import { logit } from "../math/logit.ts";
import { softplus } from "../math/softplus.ts";
import type { Numbers } from "../model.ts";
import type { Calibration } from "./calibration.ts";

type Platt = Extract<Calibration, { kind: "platt" }>;

/**
 * Platt's (1999) calibration: logistic(slope · margin + intercept), fitted to his smoothed targets
 * (N₊+1)/(N₊+2) and 1/(N₋+2) by Newton's method with step halving (Lin, Lin & Weng 2007).
 *
 * The slope is never negative: calibration may flatten a model, not turn its order round. Equal margins give
 * slope 0 and the base rate. Rows weigh `weight` when given. Cost: O(n) a step, about ten steps.
 */
export function fitPlatt(margin: Numbers, label: Uint8Array, weight?: Float64Array): Platt {
  const n = label.length;
  const total = [0, 0];
  for (let i = 0; i < n; i++) total[label[i]] += weight ? weight[i] : 1;
  const target = [1 / (total[0] + 2), (total[1] + 1) / (total[1] + 2)];
  const flat: Platt = { kind: "platt", slope: 0, intercept: logit((total[1] + 1) / (total[0] + total[1] + 2)) };

  // Margins are centred and scaled while fitting: scores of any unit converge alike.
  let mean = 0;
  for (let i = 0; i < n; i++) mean += margin[i] / n;
  let spread = 0;
  for (let i = 0; i < n; i++) spread += (margin[i] - mean) ** 2 / n;
  spread = Math.sqrt(spread);
  if (!(spread > 1e-12)) return flat;

  const loss = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const z = (a * (margin[i] - mean)) / spread + b;
      sum += (weight ? weight[i] : 1) * (softplus(z) - target[label[i]] * z);
    }
    return sum;
  };
  let [a, b] = [0, flat.intercept];
  let current = loss(a, b);
  for (let step = 0; step < 50; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-9, 0, 1e-9];
    for (let i = 0; i < n; i++) {
      const x = (margin[i] - mean) / spread;
      const p = logistic(a * x + b);
      const w = weight ? weight[i] : 1;
      const g = w * (p - target[label[i]]);
      const h = w * p * (1 - p);
      ga += g * x;
      gb += g;
      haa += h * x * x;
      hab += h * x;
      hbb += h;
    }
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    let size = 1;
    let next = loss(a - da, b - db);
    while (!(next <= current) && size > 1e-6) {
      size /= 2;
      next = loss(a - size * da, b - size * db);
    }
    if (!(next <= current)) break;
    a -= size * da;
    b -= size * db;
    const gained = current - next;
    current = next;
    if (gained < 1e-12 * (1 + Math.abs(current))) break;
  }
  return a > 0 ? { kind: "platt", slope: a / spread, intercept: b - (a * mean) / spread } : flat;
}
