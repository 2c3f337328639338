import { availableParallelism } from "node:os";
import { logit } from "../math/logit.ts";
import { softplus } from "../math/softplus.ts";
import type { Dataset, FitContext, Learner, Model } from "../model.ts";
import { createRandom, type Random } from "../random.ts";
import { binChoosing, binRows } from "./binning.ts";
import { createCrew } from "./crew.ts";
import { chooseFeatures, type Feature } from "./features.ts";
import { type GrownNode, goesLeft, growTree, type Quanta } from "./grow.ts";
import { createMemory, type Memory, PHASE, type Shape } from "./memory.ts";
import { type GbdtModel, gbdtModel, loadGbdt, type TriedPath } from "./model.ts";
import { defaults, type GbdtParams, readParams } from "./params.ts";
import { createTreesBuilder, type Trees } from "./trees.ts";

/** Gradient-boosted trees on histograms. Same data, parameters and seed give the same bytes, for any number of threads. */
export const gbdt: Learner<GbdtParams> = { kind: "gbdt", defaults, fit, settle, load: loadGbdt };

/** Tables of more cells than this are fitted once, without tries. */
const CELLS_TO_TRY = 1_000_000;

async function fit(data: Dataset, given: GbdtParams, context: FitContext): Promise<GbdtModel> {
  const { choose, onProgress } = context;
  const params = readParams(given);
  const several = choose && params.tries.length > 0 && data.rows * data.columns.length <= CELLS_TO_TRY;
  const tries = several ? params.tries : [{}];
  const paths: TriedPath[] = [];
  let best: Grown | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [turn, trial] of tries.entries()) {
    const grown = await growTrees(data, readParams({ ...params, ...trial }), {
      ...context,
      onProgress: (done) => onProgress?.((turn + done) / tries.length),
    });
    if (choose) paths.push({ trial, losses: grown.losses });
    const loss = Math.min(...grown.losses);
    if (best && loss >= least) continue;
    best = grown;
    least = loss;
  }
  return gbdtModel(data.columns, (best as Grown).trees, paths);
}

/**
 * The try, and as many rounds of it, as were best on average over the folds; a fold that had stopped earlier keeps its
 * last loss from there on.
 */
function settle(params: GbdtParams, models: readonly Model[]): GbdtParams {
  const folds = models.map((model) => (model as GbdtModel).paths ?? []);
  let best: { trial: TriedPath["trial"]; rounds: number; loss: number } | undefined;
  for (const [turn, { trial }] of folds[0].entries()) {
    const paths = folds.map((fold) => fold[turn].losses);
    const most = Math.max(...paths.map((path) => path.length));
    for (let round = 1; round <= most; round++) {
      const loss = paths.reduce((sum, path) => sum + path[Math.min(round, path.length) - 1], 0);
      if (!best || loss < best.loss) best = { trial, rounds: round, loss };
    }
  }
  return best ? { ...params, ...best.trial, rounds: best.rounds, tries: [] } : params;
}

/** A forest, and the log loss of the choosing rows after each round, if there were any. */
export interface Grown {
  readonly trees: Trees;
  readonly losses: readonly number[];
}

/**
 * Boosts trees for the log loss of `data.label`.
 *
 * With `context.choose`, training stops when its log loss has not improved for `patience` rounds, and the trees up to
 * the best round are kept. Cost: O(rounds · rows · columns · depth) additions; memory as `createMemory` states.
 *
 * @throws RangeError for labels other than 0 and 1, weights that are not positive numbers, an unknown monotone column,
 *   or more than 4 GiB; the signal's reason when it fires.
 */
export async function growTrees(data: Dataset, params: GbdtParams, context: FitContext): Promise<Grown> {
  const { seed, choose, onProgress, signal } = context;
  signal?.throwIfAborted();
  checkRows(data);
  if (choose) checkRows(choose, data.columns.length);
  const random = createRandom(seed);
  const base = Math.fround(logit(baseRate(data)));
  const features = chooseFeatures(data, params);
  const levelBins = new Map(features.flatMap((f) => (f.levelBins ? [[f.column, f.levelBins] as const] : [])));
  const builder = createTreesBuilder();
  const losses: number[] = [];
  if (!features.length) {
    onProgress?.(1);
    return { trees: builder.build(0, base, levelBins), losses };
  }

  const memory = createMemory(shapeOf(data, choose, features, params));
  const crew = createCrew(memory);
  try {
    await binRows(memory, crew, data, features, params.bins);
    if (choose) binChoosing(memory, choose, features);
    const quanta = fill(memory, data, features, params, base);
    const margins =
      choose &&
      memory.f32
        .subarray(memory.get("chooseMargin") >> 2)
        .subarray(0, choose.rows)
        .fill(base);
    let best = Number.POSITIVE_INFINITY;
    let kept = 0;
    let round = 0;
    const most = params.rounds || (choose ? 1000 : 100);
    while (round < most) {
      signal?.throwIfAborted();
      draw(memory, random, params, features.length);
      crew.lead(PHASE.gradients);
      const tree = growTree(memory, crew, features, params, quanta, builder);
      round++;
      if (params.rowShare < 1 || margins) writeTree(memory, tree);
      if (params.rowShare < 1) crew.lead(PHASE.payRest);
      if (margins) {
        crew.lead(PHASE.payChoosing);
        const loss = meanLoss(margins, choose);
        losses.push(loss);
        if (loss < best) {
          best = loss;
          kept = round;
        }
        if (params.patience && round - kept >= params.patience) break;
      } else kept = round;
      onProgress?.(round / most);
      // Nothing more to learn: without chance, the next tree would be a leaf again.
      if (tree.length === 1 && params.rowShare === 1 && params.columnShare === 1) break;
      await new Promise(setImmediate);
    }
    onProgress?.(1);
    return { trees: builder.build(kept, base, levelBins), losses };
  } finally {
    await crew.close();
  }
}

function shapeOf(data: Dataset, choose: Dataset | undefined, features: readonly Feature[], params: GbdtParams): Shape {
  const weight = data.weight?.reduce((a, b) => a + b, 0) ?? data.rows;
  const leaves = Math.min(2 ** params.depth, params.leaves || Number.POSITIVE_INFINITY);
  const busy = 1 + Math.floor((data.rows * features.length) / CELLS_A_THREAD);
  return {
    rows: data.rows,
    columns: features.length,
    wide: features.filter((f) => f.wide).length,
    chooseRows: choose?.rows ?? 0,
    threads: Math.min(params.threads || Math.min(availableParallelism(), 8), busy),
    // A histogram for each node that may still be split: none of them stands on the last level, each weighs `minWeight`.
    slots: 2 + Math.min(2 ** (params.depth - 1), leaves, Math.ceil((0.25 * weight) / params.minWeight)),
    nodes: 2 * leaves,
    weighted: data.weight !== undefined,
  };
}

/** Cells below which another thread costs more than it brings. */
const CELLS_A_THREAD = 250_000;

/** Labels, weights, first margins and parameters to memory; answers the scales of the whole-numbered gradients. */
function fill(memory: Memory, data: Dataset, features: readonly Feature[], params: GbdtParams, base: number): Quanta {
  const { rows } = data;
  const { bytes, i32, f32 } = memory;
  f32
    .subarray(memory.get("margin") >> 2)
    .subarray(0, rows)
    .fill(base);
  f32.set(data.label, memory.get("label") >> 2);
  if (data.weight) f32.set(data.weight, memory.get("weight") >> 2);
  features.forEach((feature, f) => {
    bytes[memory.get("categorical") + f] = Number(feature.levelBins !== undefined);
    bytes[memory.get("monotone") + f] = feature.direction & 255;
  });
  memory.set("general", Number(params.l1 > 0 || features.some((f) => f.direction !== 0)));
  let weight = 0;
  for (let i = 0; i < rows; i++) weight += data.weight ? Math.fround(data.weight[i]) : 1;
  // A row's gradient is at most its weight, its hessian a quarter of it, and rounding adds at most one quantum:
  // so no sum leaves its 32 bits.
  const quanta = {
    g: Math.fround((0.999 * (2 ** 31 - 2 * rows)) / weight),
    h: Math.fround((0.999 * (2 ** 32 - 2 * rows)) / (0.25 * weight)),
  };
  memory.setNumber("scaleG", quanta.g);
  memory.setNumber("scaleH", quanta.h);
  for (const name of ["l2", "l1", "minWeight", "categoryL2", "categorySmooth", "categoryMinWeight"] as const)
    memory.setNumber(name, params[name]);
  i32[memory.get("ranges") >> 2] = 0;
  return quanta;
}

/** This round's chance: how gradients are rounded, which rows and which columns take part. */
function draw(memory: Memory, random: Random, params: GbdtParams, columns: number): void {
  memory.set("roundKey", random.below(2 ** 32));
  memory.set("sampleKey", random.below(2 ** 32));
  memory.set("sampleBelow", params.rowShare < 1 ? Math.max(1, Math.floor(params.rowShare * 2 ** 32)) : 0);
  const chosen = memory.bytes.subarray(memory.get("chosen")).subarray(0, columns);
  chosen.fill(1);
  if (params.columnShare === 1) return;
  chosen.fill(0);
  let wanted = Math.max(1, Math.round(params.columnShare * columns));
  // Selection sampling: each column with the chance that keeps the count exact (Fan, Muller & Rezucha 1962).
  for (let f = 0; f < columns; f++)
    if (random.next() * (columns - f) < wanted) {
      chosen[f] = 1;
      wanted--;
    }
}

/** The finished tree over bins, for the rows that only follow it (kernels/rows.ts: walk). */
function writeTree({ get, bytes, i32, f32 }: Memory, tree: readonly GrownNode[]): void {
  tree.forEach(({ left, right, value, split }, i) => {
    const at = get("tree") + i * 48;
    i32[at >> 2] = split ? split.feature : -1;
    i32[(at >> 2) + 1] = left;
    i32[(at >> 2) + 2] = right;
    f32[(at >> 2) + 3] = value;
    if (!split) return;
    const set = bytes.fill(0, at + 16, at + 48).subarray(at + 16, at + 48);
    for (let bin = 0; bin < 256; bin++) if (goesLeft(split, bin)) set[bin >> 3] |= 1 << (bin & 7);
  });
}

/** Weighted mean log loss in nats of margins. */
function meanLoss(margins: Float32Array, { label, weight }: Dataset): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < margins.length; i++) {
    const w = weight ? weight[i] : 1;
    sum += w * softplus(label[i] ? -margins[i] : margins[i]);
    total += w;
  }
  return sum / total;
}

/** The weighted share of positives, with one row of each class added, so that it is never 0 or 1. */
function baseRate({ label, weight }: Dataset): number {
  const total = [1, 1];
  for (let i = 0; i < label.length; i++) total[label[i]] += weight ? weight[i] : 1;
  return total[1] / (total[0] + total[1]);
}

function checkRows({ rows, columns, values, label, weight }: Dataset, wanted = columns.length): void {
  if (!rows || label.length !== rows)
    throw new RangeError(`gbdt: wanted labelled rows, found ${rows} rows and ${label.length} labels`);
  if (columns.length !== wanted || values.length !== wanted)
    throw new RangeError(`gbdt: wanted ${wanted} columns, found ${values.length}`);
  for (let i = 0; i < rows; i++)
    if (label[i] > 1) throw new RangeError(`gbdt: labels are 0 or 1, found ${label[i]} in row ${i}`);
  if (!weight) return;
  if (weight.length !== rows) throw new RangeError(`gbdt: wanted ${rows} weights, found ${weight.length}`);
  for (let i = 0; i < rows; i++)
    if (!(Math.fround(weight[i]) > 0 && Math.fround(weight[i]) < Number.POSITIVE_INFINITY))
      throw new RangeError(`gbdt: weights are positive numbers, found ${weight[i]} in row ${i}`);
}
