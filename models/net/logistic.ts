import { logit } from "../math/logit.ts";
import { softplus } from "../math/softplus.ts";
import type { Dataset, FitContext, Learner, Model } from "../model.ts";
import { type ColumnBasis, widthOf } from "../prepare/column-basis.ts";
import { type Design, encode, meansOf } from "../prepare/design.ts";
import { planBasis } from "../prepare/plan-basis.ts";
import { openBackend, type TensorFlow } from "./backend.ts";
import { createCurvature } from "./curvature.ts";
import { effectOf } from "./effects.ts";
import { type Choice, type LogisticModel, loadLogistic, logisticModel } from "./logistic-model.ts";
import { marginsOf, NEAR_SUMMIT, newton, type Task } from "./newton.ts";

export interface LogisticParams {
  /** Numbers of bends to try for number columns; 0 = straight lines. */
  readonly knots: readonly number[];
  /** Strengths of the ridge to try: penalty ½ · λ · Σ coefficient², rows counting 1 each. */
  readonly lambdas: readonly number[];
  /** A bend is penalised this many times as much as a slope. */
  readonly bendPenalty: number;
  /** A level with fewer rows shares a place with the other rare ones. */
  readonly rareRows: number;
  /** Places a category may have. */
  readonly mostLevels: number;
}

/**
 * Ridge-regularised logistic regression on prepared columns (see `models/prepare`), by Newton's method with the matrix
 * work in TensorFlow.js. Bends and strength are chosen by log loss on `context.choose`; without it, the first bends
 * and the middle strength are taken. Row weights are honoured. Deterministic on one backend; the seed is not used.
 *
 * Memory: 4 bytes a row and place. Cost: rows · places² a step, about three steps a strength.
 */
export const logistic: Learner<LogisticParams> = {
  kind: "logistic",
  defaults: { knots: [0, 8], lambdas: [100, 30, 10, 3, 1, 0.3], bendPenalty: 0.3, rareRows: 10, mostLevels: 64 },
  fit,
  settle,
  load: loadLogistic,
};

/** So many weaker strengths in a row that do worse end the path. */
const ENOUGH_WORSE = 2;

async function fit(data: Dataset, params: LogisticParams, context: FitContext): Promise<LogisticModel> {
  const { tf, name } = await openBackend();
  const { choose, signal } = context;
  signal?.throwIfAborted();
  const knots = choose ? params.knots : params.knots.slice(0, 1);
  const lambdas = choose
    ? [...params.lambdas].sort((a, b) => b - a)
    : [params.lambdas[Math.floor((params.lambdas.length - 1) / 2)]];

  const path: { knots: number; lambda: number; loss: number }[] = [];
  let best: (Prepared & { beta: Float64Array; knots: number; lambda: number; loss: number }) | undefined;
  for (const [turn, count] of knots.entries()) {
    const prepared = prepare(data, params, count);
    const unseen = choose && encode(prepared.bases, prepared.means, choose.values, choose.rows);
    let beta: Float64Array = startOf(data, prepared.design.width);
    let worse = 0;
    let leastLoss = Number.POSITIVE_INFINITY;
    const curvature = createCurvature(tf, prepared.design);
    try {
      for (const [step, lambda] of lambdas.entries()) {
        const task = taskOf(prepared, data, params, lambda);
        beta = await newton(task, curvature, beta, { signal, ...(choose && { nearEnough: NEAR_SUMMIT }) });
        context.onProgress?.((turn + (step + 1) / lambdas.length) / knots.length);
        const loss = unseen && choose ? lossOn(choose, unseen, beta) : 0;
        if (choose) path.push({ knots: count, lambda, loss });
        worse = loss >= leastLoss ? worse + 1 : 0;
        leastLoss = Math.min(leastLoss, loss);
        if (!best || loss < best.loss) best = { ...prepared, beta, knots: count, lambda, loss };
        if (worse >= ENOUGH_WORSE) break;
      }
    } finally {
      curvature.close();
    }
  }
  if (!best) throw new RangeError("wanted at least one number of knots and one lambda to fit with");
  const beta = choose ? await toSummit(best, tf, taskOf(best, data, params, best.lambda), signal) : best.beta;
  context.onProgress?.(1);
  return toModel(data, { ...best, beta }, { knots: best.knots, lambda: best.lambda, path }, name);
}

/** The last steps for the coefficients that won: the others only had to be compared. */
async function toSummit(
  { design, beta }: Prepared & { readonly beta: Float64Array },
  tf: TensorFlow,
  task: Task,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const curvature = createCurvature(tf, design);
  try {
    return await newton(task, curvature, beta, { signal });
  } finally {
    curvature.close();
  }
}

interface Prepared {
  readonly bases: readonly ColumnBasis[];
  readonly means: Float64Array;
  readonly design: Design;
}

function prepare(data: Dataset, params: LogisticParams, knots: number): Prepared {
  const options = { knots, rareRows: params.rareRows, mostLevels: params.mostLevels };
  const bases = data.columns.map((column, j) => planBasis(column, data.values[j], options));
  const means = meansOf(bases, data);
  return { bases, means, design: encode(bases, means, data.values, data.rows) };
}

function taskOf({ bases, design }: Prepared, data: Dataset, params: LogisticParams, lambda: number) {
  const penalty = new Float64Array(design.width).fill(lambda);
  penalty[0] = 0;
  bases.forEach((basis, j) => {
    if (basis.type !== "number") return;
    const first = design.start[j] + 1;
    penalty.fill(lambda * params.bendPenalty, first, first + basis.knots.length);
  });
  return { design, label: data.label, weight: data.weight, penalty };
}

/** All coefficients 0, the intercept at the base rate. */
function startOf({ label, weight }: Dataset, width: number): Float64Array {
  const total = [1, 1];
  for (let i = 0; i < label.length; i++) total[label[i]] += weight ? weight[i] : 1;
  const beta = new Float64Array(width);
  beta[0] = logit(total[1] / (total[0] + total[1]));
  return beta;
}

/** Log loss summed over the rows, weighted. */
function lossOn({ label, weight }: Dataset, design: Design, beta: Float64Array): number {
  const margin = marginsOf(design, beta);
  let sum = 0;
  for (let i = 0; i < label.length; i++) sum += (weight ? weight[i] : 1) * softplus(label[i] ? -margin[i] : margin[i]);
  return sum;
}

function toModel(
  data: Dataset,
  { bases, means, design, beta }: Prepared & { beta: Float64Array },
  choice: Choice,
  backend: string,
): LogisticModel {
  const effects = bases.map((basis, j) => {
    const [from, to] = [design.start[j], design.start[j] + widthOf(basis)];
    return effectOf(basis, beta.subarray(from, to), means.subarray(from, to));
  });
  return logisticModel(data.columns, beta[0], effects, choice, backend);
}

/** The pair of bends and strength with the smallest log loss over all folds' choosing rows together. */
function settle(params: LogisticParams, models: readonly Model[]): LogisticParams {
  const losses = new Map<string, { knots: number; lambda: number; loss: number; folds: number }>();
  for (const model of models)
    for (const { knots, lambda, loss } of (model as LogisticModel).choice.path) {
      const key = `${knots} ${lambda}`;
      const sum = losses.get(key) ?? { knots, lambda, loss: 0, folds: 0 };
      losses.set(key, { ...sum, loss: sum.loss + loss, folds: sum.folds + 1 });
    }
  // A pair that some fold did not try, because its log loss was rising there, is out.
  const tried = [...losses.values()].filter((pair) => pair.folds === models.length);
  const best = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  return { ...params, knots: [best.knots], lambdas: [best.lambda] };
}
