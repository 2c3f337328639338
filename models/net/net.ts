import { logit } from "../math/logit.ts";
import { lossOfMargins } from "../metrics/loss-of-margins.ts";
import type { Dataset, FitContext, Learner, Model } from "../model.ts";
import { encode, meansOf } from "../prepare/design.ts";
import { planBasis } from "../prepare/plan-basis.ts";
import { createRandom, permutation, type Random } from "../random.ts";
import { createAdam } from "./adam.ts";
import { openBackend } from "./backend.ts";
import { createGradients } from "./gradients.ts";
import {
  LAYER_NAMES,
  type Layers,
  layerSizes,
  loadNet,
  type NetModel,
  netModel,
  type Preparation,
} from "./net-model.ts";

export interface NetParams {
  /** Units of the two layers. */
  readonly first: number;
  readonly second: number;
  /** Passes over the rows at most; with rows for choosing, as many as made their log loss best. */
  readonly epochs: number;
  /** Epochs without a better log loss on the rows for choosing after which training stops. */
  readonly patience: number;
  /** Rows of a step at most; fewer when there are few rows. */
  readonly batch: number;
  /** Size of a step, and what each epoch leaves of it. */
  readonly rate: number;
  readonly cooling: number;
  /** Pull of the weights towards zero, a step (decoupled from the gradient). */
  readonly decay: number;
  /** Share of the first layer's units that is left out of each row's step. */
  readonly dropout: number;
  /** A level with fewer rows shares a place with the other rare ones; places that a category may have. */
  readonly rareRows: number;
  readonly mostLevels: number;
}

/** A step of a small table sees at least this many rows, and a pass over it makes about so many steps. */
const FEWEST_ROWS_A_STEP = 32;
const STEPS_A_PASS = 30;

/**
 * A net of two layers of ReLUs beside a straight road from the prepared columns to the log-odds, trained on the log loss
 * with Adam (Kingma & Ba 2015) and decoupled decay (Loshchilov & Hutter 2019); the matrix work is in TensorFlow.js.
 * Starts at the base rate with a straight road of nothing. Row weights are honoured. Everything that is left to chance
 * comes from the seed, so that one backend gives one model.
 *
 * Memory: 4 bytes a row and place. Cost: rows · (places · first + first · second) · 6 multiplications an epoch.
 */
export const net: Learner<NetParams> = {
  kind: "net",
  defaults: {
    first: 48,
    second: 24,
    epochs: 60,
    patience: 8,
    batch: 256,
    rate: 0.003,
    cooling: 0.95,
    decay: 0.01,
    dropout: 0.2,
    rareRows: 10,
    mostLevels: 64,
  },
  fit,
  settle,
  load: loadNet,
};

async function fit(
  data: Dataset,
  params: NetParams,
  { seed, choose, onProgress, signal }: FitContext,
): Promise<NetModel> {
  const { tf, name: backend } = await openBackend();
  signal?.throwIfAborted();
  const { preparation, places, width } = prepare(data, params);
  const layers = start(data, width, params, createRandom(seed));
  if (width === 0) {
    onProgress?.(1);
    return netModel(data.columns, preparation, layers, { backend });
  }
  const batch = Math.min(params.batch, Math.max(FEWEST_ROWS_A_STEP, Math.ceil(data.rows / STEPS_A_PASS)), data.rows);
  const random = createRandom(seed + 1);
  const gradients = createGradients(tf, layers, batch);
  const adam = createAdam(layers, params.decay);
  const losses: number[] = [];
  let best = { layers: copy(layers), loss: Number.POSITIVE_INFINITY, epoch: 0 };

  for (let epoch = 1; epoch <= params.epochs; epoch++) {
    const order = permutation(data.rows, random);
    const rate = params.rate * params.cooling ** (epoch - 1);
    for (let at = 0; at + batch <= data.rows; at += batch) {
      gradients.take(order.subarray(at, at + batch), places, data, params.dropout, random);
      adam.step(gradients.make(), rate);
    }
    await new Promise(setImmediate);
    signal?.throwIfAborted();
    if (choose) {
      const model = netModel(data.columns, preparation, layers);
      const loss = lossOfMargins(model, choose);
      losses.push(loss);
      if (loss < best.loss) best = { layers: copy(layers), loss, epoch };
      if (epoch - best.epoch >= params.patience) break;
    }
    onProgress?.(epoch / params.epochs);
  }
  onProgress?.(1);
  return netModel(data.columns, preparation, choose ? best.layers : layers, { losses, backend });
}

/** The rows as centred places without the intercept, row-major. */
function prepare(data: Dataset, params: NetParams): { preparation: Preparation; places: Float32Array; width: number } {
  const options = { knots: 0, rareRows: params.rareRows, mostLevels: params.mostLevels };
  const bases = data.columns.map((column, j) => planBasis(column, data.values[j], options));
  const means = meansOf(bases, data);
  const { x, width } = encode(bases, means, data.values, data.rows);
  const places = new Float32Array(data.rows * (width - 1));
  for (let i = 0; i < data.rows; i++) places.set(x.subarray(i * width + 1, (i + 1) * width), i * (width - 1));
  return { preparation: { bases, means }, places, width: width - 1 };
}

/** He's normal weights (2015) below; nothing above and on the straight road, so that the first answer is the base rate. */
function start(data: Dataset, width: number, { first, second }: NetParams, random: Random): Layers {
  const sizes = layerSizes(width, first, second);
  const zero = (name: (typeof LAYER_NAMES)[number]) => new Float32Array(sizes[name]);
  const normal = (name: (typeof LAYER_NAMES)[number], inputs: number) =>
    zero(name).map(() => random.normal() * Math.sqrt(2 / Math.max(1, inputs)));
  const total = [1, 1];
  for (let i = 0; i < data.rows; i++) total[data.label[i]] += data.weight ? data.weight[i] : 1;
  return {
    width,
    first,
    second,
    w1: normal("w1", width),
    b1: zero("b1"),
    w2: normal("w2", first),
    b2: zero("b2"),
    w3: zero("w3"),
    straight: zero("straight"),
    b3: Float32Array.of(logit(total[1] / (total[0] + total[1]))),
  };
}

function copy(layers: Layers): Layers {
  const [w1, b1, w2, b2, w3, straight, b3] = LAYER_NAMES.map((name) => layers[name].slice());
  return { ...layers, w1, b1, w2, b2, w3, straight, b3 };
}

/** As many epochs as were best on average over the folds; a fold that had stopped earlier keeps its last loss. */
function settle(params: NetParams, models: readonly Model[]): NetParams {
  const paths = models.map((model) => (model as NetModel).losses ?? []).filter((path) => path.length);
  let best = { epochs: 1, loss: Number.POSITIVE_INFINITY };
  for (let epoch = 1; epoch <= Math.max(0, ...paths.map((path) => path.length)); epoch++) {
    const loss = paths.reduce((sum, path) => sum + path[Math.min(epoch, path.length) - 1], 0);
    if (loss < best.loss) best = { epochs: epoch, loss };
  }
  return { ...params, epochs: best.epochs };
}
