/**
 * The contract between data and mathematics.
 *
 * Numbers, column names and a seed are all that this room knows: no entity, no clock, no file.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One value a column: doubles, or floats where memory counts. NaN is missing, never zero. */
export type Numbers = Float64Array | Float32Array;

/**
 * What a column holds.
 *
 * - `number`: the value itself; `boolean`: 0 or 1; dates arrive here as numbers.
 * - `category`: the index of the value in `categories`.
 *
 * Whatever the type, NaN is a missing value, and so is a category that was not seen in training.
 */
export type Column =
  | { readonly name: string; readonly type: "number"; readonly unit?: string; readonly about?: string }
  | { readonly name: string; readonly type: "boolean"; readonly about?: string }
  | {
      readonly name: string;
      readonly type: "category";
      readonly categories: readonly string[];
      readonly about?: string;
    };

/**
 * Labelled (or unlabelled) rows, column by column.
 *
 * `values.length === columns.length`, each `values[j].length === rows`.
 * Columns that say the same may be one and the same array: nobody writes into them.
 * `label.length === rows` with 0 or 1, or 0 when the rows carry no label.
 * `time`, when given, is the moment of each row in milliseconds: parts are then cut out of time.
 * `weight`, when given, is positive; without it every row counts 1.
 */
export interface Dataset {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly values: readonly Numbers[];
  readonly label: Uint8Array;
  readonly time?: Float64Array;
  readonly weight?: Float64Array;
}

/** What a model is when it is put away: a kind, a JSON value, and named blobs for what is too big for JSON. */
export interface ModelState {
  readonly kind: string;
  readonly meta: Json;
  readonly blobs?: Readonly<Record<string, Uint8Array>>;
}

/**
 * A fitted model: immutable, synchronous, shared between requests without a lock.
 *
 * It speaks log-odds ("margins"); turning them into probabilities is the calibration's business.
 */
export interface Model {
  readonly kind: string;
  readonly columns: readonly Column[];

  /** Log-odds of one row, `row.length === columns.length`, in the order of `columns`. */
  margin(row: Float64Array): number;

  /** Log-odds of `rows` rows given column by column. Bit for bit what `margin` answers for each of them. */
  margins(values: readonly Numbers[], rows: number): Float64Array;

  /** The same of rows that stand one after the other in `values`; absent where that is no quicker. */
  marginsOfRows?(values: Float64Array, rows: number): Float64Array;

  /**
   * Each column's exact share of one row's log-odds: fills `out[j]`, answers the base,
   * so that `base + Σ out[j] === margin(row)` up to rounding.
   */
  contributions(row: Float64Array, out: Float64Array): number;

  /** What `Learner.load` needs to give this model again, answer for answer. */
  save(): ModelState;

  /** The numeric backend that fitted it, e.g. "tfjs wasm 4.22.0"; absent for plain arithmetic and after loading. */
  readonly backend?: string;
}

/** What a learner is given beside the rows. */
export interface FitContext {
  /** The only source of chance. */
  readonly seed: number;
  /** Rows for choosing (early stopping, strength of regularisation); never the rows that fit, never the test. */
  readonly choose?: Dataset;
  /** Called with a share between 0 and 1 as the work goes on. */
  readonly onProgress?: (done: number) => void;
  /** When it fires, `fit` rejects with the signal's reason and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

/** A way of learning. Same data, parameters and seed give the same model. */
export interface Learner<Params> {
  readonly kind: string;
  readonly defaults: Params;
  fit(data: Dataset, params: Params, context: FitContext): Promise<Model>;

  /**
   * For small tables: given models that were fitted on folds, each with its own `choose`, answers parameters that
   * need no choosing any more (strength, number of trees), so that all rows can be fitted at once.
   * A learner without it is fitted on all rows with the parameters as they are.
   */
  settle?(params: Params, models: readonly Model[]): Params;
  load(columns: readonly Column[], state: ModelState): Model;
}

/** The margins of every row by calling `margin` for each: the plain way, for models without a faster one. */
export function marginsByRow(model: Pick<Model, "margin">, values: readonly Numbers[], rows: number): Float64Array {
  const out = new Float64Array(rows);
  const row = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < values.length; j++) row[j] = values[j][i];
    out[i] = model.margin(row);
  }
  return out;
}

/** The rows of `data` named by `index`, in that order. Cost: one copy of what is taken. */
export function takeRows(data: Dataset, index: Uint32Array): Dataset {
  const pick = <A extends Numbers | Uint8Array>(from: A): A => {
    const to = new (from.constructor as new (length: number) => A)(index.length);
    for (let i = 0; i < index.length; i++) to[i] = from[index[i]];
    return to;
  };
  return {
    columns: data.columns,
    rows: index.length,
    values: data.values.map(pick),
    label: data.label.length ? pick(data.label) : data.label,
    ...(data.time && { time: pick(data.time) }),
    ...(data.weight && { weight: pick(data.weight) }),
  };
}
