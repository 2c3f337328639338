import { logistic } from "./logistic.ts";
import { softplus } from "./softplus.ts";
import { solvePositive } from "./solve-positive.ts";

export interface NonNegativeLogistic {
  /** One for each input, never below 0. */
  readonly weights: readonly number[];
  readonly intercept: number;
}

const MOST_STEPS = 100;
/** Newton's decrement, in nats over all rows, below which the minimum is reached. */
const NEAR_ENOUGH = 1e-9;

/**
 * Logistic regression of targets in 0 … 1 on a few inputs whose weights may not fall below 0; the intercept is free.
 * Projected Newton (Bertsekas 1982): weights at 0 that want to fall rest, the others take a Newton step, halved until the
 * loss falls, and what crosses 0 stops there. The loss is convex, so this is its minimum; with targets of 0 and 1 only it
 * may lie far away, and the search ends after 100 steps. With `pull`, ½ · pull · Σ (weight − start)² is added to the loss.
 * Cost: O(rows · inputs²) a step, about ten steps.
 */
export function nonNegativeLogistic(
  inputs: readonly Float64Array[],
  target: Float64Array,
  options: { readonly weight?: Float64Array; readonly start: readonly number[]; readonly pull?: number },
): NonNegativeLogistic {
  const rows = target.length;
  const last = inputs.length;
  const n = last + 1;
  const { weight, start, pull = 0 } = options;
  const read = (beta: Float64Array) => {
    const z = new Float64Array(rows).fill(beta[last]);
    inputs.forEach((input, k) => {
      if (beta[k]) for (let i = 0; i < rows; i++) z[i] += beta[k] * input[i];
    });
    let loss = start.reduce((sum, s, k) => sum + 0.5 * pull * (beta[k] - s) ** 2, 0);
    for (let i = 0; i < rows; i++) loss += (weight ? weight[i] : 1) * (softplus(z[i]) - target[i] * z[i]);
    return { z, loss };
  };

  let beta = Float64Array.of(...start, 0);
  let here = read(beta);
  for (let step = 0; step < MOST_STEPS; step++) {
    const gradient = new Float64Array(n);
    const curve = new Float64Array(n * n);
    const x = new Float64Array(n).fill(1);
    for (let i = 0; i < rows; i++) {
      const w = weight ? weight[i] : 1;
      const p = logistic(here.z[i]);
      for (let k = 0; k < last; k++) x[k] = inputs[k][i];
      for (let k = 0; k < n; k++) {
        gradient[k] += w * (p - target[i]) * x[k];
        for (let l = 0; l <= k; l++) curve[k * n + l] += w * p * (1 - p) * x[k] * x[l];
      }
    }
    for (let k = 0; k < last; k++) {
      gradient[k] += pull * (beta[k] - start[k]);
      curve[k * n + k] += pull;
    }
    const free = [...beta.keys()].filter((k) => k === last || beta[k] > 0 || gradient[k] < 0);
    const matrix = new Float64Array(free.length ** 2);
    free.forEach((k, a) => {
      free.forEach((l, b) => {
        matrix[a * free.length + b] = curve[Math.max(k, l) * n + Math.min(k, l)];
      });
      matrix[a * free.length + a] += 1e-9 * (1 + curve[k * n + k]);
    });
    const direction = solvePositive(
      matrix,
      Float64Array.from(free, (k) => gradient[k]),
    );
    if (!direction) break;
    const decrement = free.reduce((sum, k, a) => sum + gradient[k] * direction[a], 0);
    if (!(decrement > NEAR_ENOUGH)) break;
    const moved = (size: number) => {
      const next = beta.slice();
      free.forEach((k, a) => {
        const to = beta[k] - size * direction[a];
        next[k] = k === last ? to : Math.max(0, to);
      });
      return next;
    };
    let size = 1;
    let next = moved(size);
    let there = read(next);
    while (!(there.loss < here.loss) && size > 1e-8) {
      size /= 2;
      next = moved(size);
      there = read(next);
    }
    if (!(there.loss < here.loss)) break;
    beta = next;
    here = there;
  }
  return { weights: [...beta.subarray(0, last)], intercept: beta[last] };
}
