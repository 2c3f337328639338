import type { Column, Json, Model, ModelState, Numbers } from "../model.ts";
import { refuseRow } from "../refuse.ts";

/**
 * What one column adds to the log-odds, relative to the average row.
 *
 * - `none`: nothing.
 * - `curve`: straight lines between the points (`at`, `effect`), flat outside; `at` is on the scale of the value, or of
 *   sign(x) · ln(1 + |x| / log) when `log` is not 0.
 * - `levels`: `effect` of each level.
 *
 * `missing` is the effect of an absent value, and of a category that was not seen in training.
 */
export type ColumnEffect =
  | { readonly type: "none" }
  | {
      readonly type: "curve";
      readonly log: number;
      readonly at: readonly number[];
      readonly effect: readonly number[];
      readonly missing: number;
    }
  | { readonly type: "levels"; readonly effect: readonly number[]; readonly missing: number };

/** How the strength of regularisation and the number of bends were chosen. */
export interface Choice {
  readonly knots: number;
  readonly lambda: number;
  /** Log loss summed over the choosing rows, for each pair that was tried; empty when nothing was chosen. */
  readonly path: readonly { readonly knots: number; readonly lambda: number; readonly loss: number }[];
}

export interface LogisticModel extends Model {
  readonly choice: Choice;
  /** For charts: each column's effect, in the order of `columns`. */
  readonly effects: readonly ColumnEffect[];
}

/**
 * A fitted logistic regression in plain flat arrays; TensorFlow.js is not needed here.
 * One row costs a short search for each column (about 0.02 µs each). The sum of the contributions, added in order
 * to the base, is the margin to the last bit.
 */
export function logisticModel(
  columns: readonly Column[],
  base: number,
  effects: readonly ColumnEffect[],
  choice: Choice,
  backend?: string,
): LogisticModel {
  if (effects.length !== columns.length)
    throw new TypeError(`the logistic model was saved for ${effects.length} columns, found ${columns.length}`);
  const terms = effects.map(compile);
  return Object.freeze({
    kind: "logistic",
    columns,
    choice,
    effects,
    ...(backend && { backend }),
    margin(row: Float64Array) {
      refuseRow(columns, row.length);
      let sum = base;
      for (let j = 0; j < terms.length; j++) sum += terms[j](row[j]);
      return sum;
    },
    margins(values: readonly Numbers[], rows: number) {
      refuseRow(columns, values.length);
      const out = new Float64Array(rows).fill(base);
      for (let j = 0; j < terms.length; j++) {
        const term = terms[j];
        const column = values[j];
        for (let i = 0; i < rows; i++) out[i] += term(column[i]);
      }
      return out;
    },
    contributions(row: Float64Array, out: Float64Array) {
      refuseRow(columns, row.length);
      for (let j = 0; j < terms.length; j++) out[j] = terms[j](row[j]);
      return base;
    },
    save: (): ModelState => ({
      kind: "logistic",
      meta: { base, effects, choice: { ...choice, path: choice.path.map((step) => ({ ...step })) } } as unknown as Json,
    }),
  });
}

/** @throws TypeError when the state is not of a logistic model with these columns */
export function loadLogistic(columns: readonly Column[], state: ModelState): LogisticModel {
  const meta = state.meta as { base?: unknown; effects?: unknown; choice?: unknown } | null;
  if (state.kind !== "logistic" || typeof meta?.base !== "number" || !Array.isArray(meta.effects))
    throw new TypeError(`wanted the state of a logistic model, found "${state.kind}"`);
  const effects = meta.effects as ColumnEffect[];
  effects.forEach((effect, j) => {
    const column = columns[j];
    const fits =
      effect.type === "none" ||
      (effect.type === "curve"
        ? column?.type === "number"
        : column?.type === "category"
          ? column.categories.length === effect.effect.length
          : column?.type === "boolean");
    if (!fits) throw new TypeError(`column ${j + 1} ("${column?.name}") is not what the logistic model was fitted on`);
  });
  return logisticModel(columns, meta.base, effects, meta.choice as Choice);
}

function compile(effect: ColumnEffect): (value: number) => number {
  switch (effect.type) {
    case "none":
      return () => 0;
    case "levels": {
      const table = Float64Array.from(effect.effect);
      const { missing } = effect;
      return (level) => ((level | 0) === level && level >= 0 && level < table.length ? table[level] : missing);
    }
    case "curve": {
      const at = Float64Array.from(effect.at);
      const height = Float64Array.from(effect.effect);
      const slope = height.map((h, k) => (k + 1 < at.length ? (height[k + 1] - h) / (at[k + 1] - at[k]) : 0));
      const { log, missing } = effect;
      const last = at.length - 1;
      return (x) => {
        if (Number.isNaN(x)) return missing;
        const t = log === 0 ? x : Math.sign(x) * Math.log1p(Math.abs(x) / log);
        if (!(t > at[0])) return height[0];
        if (t >= at[last]) return height[last];
        let k = 0;
        while (at[k + 1] <= t) k++;
        return height[k] + slope[k] * (t - at[k]);
      };
    }
  }
}
