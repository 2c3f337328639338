import type { Column, Json, Model, ModelState, Numbers } from "../model.ts";
import { bend, type ColumnBasis, placeOf, widthOf } from "../prepare/column-basis.ts";
import { refuseRow } from "../refuse.ts";
import { pathGradient } from "./path-gradient.ts";

/** The layers of a fitted net, flat and row-major, over `width` centred places (see models/prepare/design.ts, without the intercept). */
export interface Layers {
  readonly width: number;
  readonly first: number;
  readonly second: number;
  /** width × first */
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  /** first × second */
  readonly w2: Float32Array;
  readonly b2: Float32Array;
  /** second */
  readonly w3: Float32Array;
  /** width: the straight road from the places to the log-odds. */
  readonly straight: Float32Array;
  /** one number */
  readonly b3: Float32Array;
}

export const LAYER_NAMES = ["w1", "b1", "w2", "b2", "w3", "straight", "b3"] as const;

/** How many numbers each layer holds, in the order in which they are saved. */
export const layerSizes = (
  width: number,
  first: number,
  second: number,
): Record<(typeof LAYER_NAMES)[number], number> => ({
  w1: width * first,
  b1: first,
  w2: first * second,
  b2: second,
  w3: second,
  straight: width,
  b3: 1,
});

/** How columns become places: what `models/prepare` made of the rows that fitted. */
export interface Preparation {
  readonly bases: readonly ColumnBasis[];
  /** Of every place, the intercept's first. */
  readonly means: Float64Array;
}

export interface NetModel extends Model {
  readonly layers: Layers;
  /** Log loss of the choosing rows after each epoch, when it was fitted with some; not saved. */
  readonly losses?: readonly number[];
}

/**
 * A fitted net in plain flat arrays; TensorFlow.js is not needed here.
 *
 * A row costs columns · first + first · second multiplications: a category is one row of a table, whatever its levels.
 * Contributions are integrated gradients from the average row (Sundararajan, Taly & Yan 2017), exact, not sampled: along
 * the straight way from the average row to this one a net of ReLUs is a chain of straight lines (see path-gradient.ts).
 */
export function netModel(
  columns: readonly Column[],
  { bases, means }: Preparation,
  layers: Layers,
  about: { readonly losses?: readonly number[]; readonly backend?: string } = {},
): NetModel {
  const { first, second, w2, b2, w3, b3 } = layers;
  const stride = first + 1;
  const starts = startsOf(bases);
  const terms = bases.map((basis, j) => columnTerm(basis, starts[j], means, layers));
  const b1 = Float64Array.from(layers.b1);

  // Scratch shared by all calls: a model is synchronous, so no two of them overlap.
  const share = new Float64Array(stride);
  const sum = new Float64Array(stride);
  const shares = new Float64Array(columns.length * stride);

  // By unit of the second layer, in doubles: read in order, a row takes a fraction of the time.
  const turned = new Float64Array(first * second);
  for (let i = 0; i < first; i++) for (let k = 0; k < second; k++) turned[k * first + i] = w2[i * second + k];
  const lit = new Float64Array(first);
  const top = (): number => {
    for (let i = 0; i < first; i++) {
      const input = b1[i] + sum[i];
      lit[i] = input > 0 ? input : 0;
    }
    let margin = b3[0] + sum[first];
    for (let k = 0; k < second; k++) {
      let z = b2[k];
      for (let i = 0, at = k * first; i < first; i++, at++) z += lit[i] * turned[at];
      if (z > 0) margin += z * w3[k];
    }
    return margin;
  };
  const marginOf = (cell: (j: number) => number): number => {
    sum.fill(0);
    for (let j = 0; j < terms.length; j++) {
      terms[j](cell(j), share);
      for (let i = 0; i < stride; i++) sum[i] += share[i];
    }
    return top();
  };
  sum.fill(0);
  const base = top();

  return Object.freeze<NetModel>({
    kind: "net",
    columns,
    layers,
    ...(about.losses?.length && { losses: about.losses }),
    ...(about.backend && { backend: about.backend }),
    margin(row: Float64Array) {
      refuseRow(columns, row.length);
      return marginOf((j) => row[j]);
    },
    margins(values: readonly Numbers[], rows: number) {
      refuseRow(columns, values.length);
      const out = new Float64Array(rows);
      for (let i = 0; i < rows; i++) out[i] = marginOf((j) => values[j][i]);
      return out;
    },
    contributions(row: Float64Array, out: Float64Array) {
      refuseRow(columns, row.length);
      sum.fill(0);
      for (let j = 0; j < terms.length; j++) {
        const own = shares.subarray(j * stride, (j + 1) * stride);
        terms[j](row[j], own);
        for (let i = 0; i < stride; i++) sum[i] += own[i];
      }
      const gradient = pathGradient(layers, b1, sum);
      for (let j = 0; j < terms.length; j++) {
        let total = shares[j * stride + first];
        for (let i = 0; i < first; i++) total += gradient[i] * shares[j * stride + i];
        out[j] = total;
      }
      return base;
    },
    save: (): ModelState => ({
      kind: "net",
      meta: {
        bases: bases as unknown as Json,
        means: [...means],
        first,
        second,
      },
      blobs: { weights: toBytes(layers) },
    }),
  });
}

/** Writes what one value adds to each unit of the first layer, and straight to the log-odds, relative to the average row. */
type Term = (value: number, out: Float64Array) => void;

function columnTerm(basis: ColumnBasis, start: number, means: Float64Array, layers: Layers): Term {
  const { first, w1, straight } = layers;
  const stride = first + 1;
  // Place p of this column as one row: its weights in the first layer, then its straight one.
  const weights = (p: number): Float64Array => {
    const at = start + p - 1;
    const row = new Float64Array(stride);
    for (let i = 0; i < first; i++) row[i] = w1[at * first + i];
    row[first] = straight[at];
    return row;
  };
  const plus = (to: Float64Array, row: Float64Array, times: number) => {
    for (let i = 0; i < stride; i++) to[i] += row[i] * times;
    return to;
  };
  switch (basis.type) {
    case "none":
      return (_, out) => void out.fill(0);
    case "levels": {
      const average = new Float64Array(stride);
      for (let p = 0; p < basis.places; p++) plus(average, weights(p), means[start + p]);
      const table = Array.from({ length: basis.places }, (_, p) => plus(weights(p), average, -1));
      const nowhere = plus(new Float64Array(stride), average, -1);
      return (value, out) => {
        const place = placeOf(basis, value);
        out.set(place < 0 ? nowhere : table[place]);
      };
    }
    case "number": {
      const slope = weights(0);
      const mark = 1 + basis.knots.length;
      const absence = basis.missing ? weights(mark) : new Float64Array(stride);
      const share = basis.missing ? means[start + mark] : 0;
      const missing = plus(new Float64Array(stride), absence, 1 - share);
      const mean = means[start];
      return (value, out) => {
        if (Number.isNaN(value)) return void out.set(missing);
        const z = (bend(basis, value) - basis.centre) / basis.spread - mean;
        for (let i = 0; i < stride; i++) out[i] = slope[i] * z - absence[i] * share;
      };
    }
  }
}

function startsOf(bases: readonly ColumnBasis[]): number[] {
  let next = 1;
  return bases.map((basis) => {
    const start = next;
    next += widthOf(basis);
    return start;
  });
}

/** Little-endian on every machine. */
function toBytes(layers: Layers): Uint8Array {
  const total = LAYER_NAMES.reduce((sum, name) => sum + layers[name].length, 0);
  const view = new DataView(new ArrayBuffer(4 * total));
  let at = 0;
  for (const name of LAYER_NAMES)
    for (const weight of layers[name]) {
      view.setFloat32(at, weight, true);
      at += 4;
    }
  return new Uint8Array(view.buffer);
}

/** @throws TypeError when the state is not of a net with these columns, or is damaged */
export function loadNet(columns: readonly Column[], state: ModelState): NetModel {
  const meta = state.meta as { bases?: unknown; means?: unknown; first?: unknown; second?: unknown } | null;
  const bytes = state.blobs?.weights;
  if (state.kind !== "net" || !Array.isArray(meta?.bases) || !Array.isArray(meta.means) || !bytes)
    throw new TypeError(`wanted the state of a net, found "${state.kind}"`);
  const bases = meta.bases as ColumnBasis[];
  if (bases.length !== columns.length)
    throw new TypeError(`the net was fitted on ${bases.length} columns, found ${columns.length}`);
  bases.forEach((basis, j) => {
    const column = columns[j];
    const levels = column.type === "category" ? column.categories.length : 2;
    const fits =
      basis.type === "none" ||
      (basis.type === "number" ? column.type === "number" : column.type !== "number" && basis.place.length === levels);
    if (!fits) throw new TypeError(`column ${j + 1} ("${column.name}") is not what the net was fitted on`);
  });
  const width = bases.reduce((sum, basis) => sum + widthOf(basis), 0);
  const [first, second] = [Number(meta.first), Number(meta.second)];
  const sizes = layerSizes(width, first, second);
  const wanted = 4 * LAYER_NAMES.reduce((sum, name) => sum + sizes[name], 0);
  if (bytes.length !== wanted || meta.means.length !== width + 1)
    throw new TypeError(`wanted ${wanted} bytes of weights for a net of these columns, found ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const read = (name: (typeof LAYER_NAMES)[number]) =>
    Float32Array.from({ length: sizes[name] }, () => {
      const weight = view.getFloat32(at, true);
      at += 4;
      return weight;
    });
  const [w1, b1, w2, b2, w3, straight, b3] = LAYER_NAMES.map(read);
  const layers = { width, first, second, w1, b1, w2, b2, w3, straight, b3 };
  return netModel(columns, { bases, means: Float64Array.from(meta.means as number[]) }, layers);
}
