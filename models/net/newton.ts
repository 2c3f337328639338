import { logistic } from "../math/logistic.ts";
import { softplus } from "../math/softplus.ts";
import { solvePositive } from "../math/solve-positive.ts";
import type { Design } from "../prepare/design.ts";
import type { Curvature } from "./curvature.ts";

export interface Task {
  readonly design: Design;
  readonly label: Uint8Array;
  readonly weight?: Float64Array;
  /** Penalty ½ · penalty[k] · coefficient[k]² of each place; 0 for the intercept. */
  readonly penalty: Float64Array;
}

const MOST_STEPS = 200;
/** Newton's decrement (twice the gain still to be had, in nats over all rows) below which the summit is reached. */
const SUMMIT = 1e-8;
/** A curvature serves on while each step leaves at most this part of the decrement. */
const ENOUGH_LESS = 0.2;
/** Near enough to compare strengths by: a thousandth of a nat over all rows. */
export const NEAR_SUMMIT = 1e-3;

/**
 * Minimises Σ weight · log loss + ½ Σ penalty · coefficient² by Newton's method (iteratively reweighted least squares)
 * with step halving, from `start`, until no more than half of `nearEnough` is left to gain.
 *
 * The curvature, which costs rows · width², comes from the backend in single precision; the gradient, which costs
 * rows · width, is made in doubles here. So the summit is exact to doubles whatever the backend, and only the path differs.
 * A curvature is used again, also the latest of a neighbour's task, as long as it brings the summit nearer quickly: two or
 * three are made for a task, one or none from a neighbour's solution. @throws the signal's reason
 */
export async function newton(
  task: Task,
  curvature: Curvature,
  start: Float64Array,
  options: { readonly signal?: AbortSignal; readonly nearEnough?: number } = {},
): Promise<Float64Array> {
  const { penalty } = task;
  const { signal, nearEnough = SUMMIT } = options;
  let beta = start;
  let here = lossAndGradient(task, beta);
  let matrix = curvature.latest;
  let fresh = false;
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < MOST_STEPS; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    fresh ||= matrix === undefined;
    matrix ??= curvature.of(here.curve);
    const direction = solve(matrix, penalty, here.gradient);
    let decrement = 0;
    for (let k = 0; k < beta.length; k++) decrement += here.gradient[k] * direction[k];
    if (!(decrement > nearEnough)) break;
    let size = 1;
    let next = beta;
    let there = here;
    if (fresh || decrement <= ENOUGH_LESS * before) {
      next = moved(beta, direction, size);
      there = lossAndGradient(task, next);
      while (!(there.loss <= here.loss - 1e-4 * size * decrement) && size > 1e-4) {
        size /= 2;
        next = moved(beta, direction, size);
        there = lossAndGradient(task, next);
      }
    }
    if (there.loss < here.loss) {
      beta = next;
      here = there;
      before = decrement;
    } else if (fresh) break;
    else size = 0;
    // An old curvature is as good as a new one near the summit, and costs nothing.
    if (size < 1) {
      matrix = undefined;
      before = Number.POSITIVE_INFINITY;
    }
    fresh = false;
  }
  return beta;
}

const moved = (beta: Float64Array, direction: Float64Array, size: number) =>
  beta.map((b, k) => b - size * direction[k]);

/** The margins of all rows. Cost: rows · width. */
export function marginsOf({ rows, width, x }: Design, beta: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += x[at++] * beta[k];
    out[i] = sum;
  }
  return out;
}

function lossAndGradient({ design, label, weight, penalty }: Task, beta: Float64Array) {
  const { rows, width, x } = design;
  const margin = marginsOf(design, beta);
  const gradient = beta.map((b, k) => penalty[k] * b);
  const curve = new Float64Array(rows);
  let loss = 0;
  for (let k = 0; k < width; k++) loss += 0.5 * penalty[k] * beta[k] ** 2;
  for (let i = 0; i < rows; i++) {
    const w = weight ? weight[i] : 1;
    const p = logistic(margin[i]);
    loss += w * softplus(label[i] ? -margin[i] : margin[i]);
    curve[i] = w * p * (1 - p);
    const pull = w * (p - label[i]);
    for (let k = 0, at = i * width; k < width; k++) gradient[k] += pull * x[at + k];
  }
  return { loss, gradient, curve };
}

/** (curvature + penalty)⁻¹ · gradient; a little more is added to the diagonal when rounding left it indefinite. */
function solve(curvature: Float64Array, penalty: Float64Array, gradient: Float64Array): Float64Array {
  const n = gradient.length;
  for (let ridge = 1e-7; ; ridge *= 100) {
    const matrix = Float64Array.from(curvature);
    for (let k = 0; k < n; k++) matrix[k * n + k] += penalty[k] + ridge * (1 + matrix[k * n + k]);
    const solved = solvePositive(matrix, gradient);
    if (solved) return solved;
    if (ridge > 1e6) throw new RangeError("the rows hold numbers too large to be weighed against each other");
  }
}
