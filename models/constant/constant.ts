import { logistic } from "../math/logistic.ts";
import { logit } from "../math/logit.ts";
import type { Column, Dataset, Learner, Model, ModelState, Numbers } from "../model.ts";
import { refuseRow } from "../refuse.ts";

/** The base rate for everybody: the honest baseline in every report. */
export const constant: Learner<Record<string, never>> = {
  kind: "constant",
  defaults: {},
  async fit(data, _params, { signal, onProgress }) {
    signal?.throwIfAborted();
    onProgress?.(1);
    return constantModel(data.columns, logit(baseRate(data)));
  },
  load: loadConstant,
};

/** The weighted share of positives, with one row of each class added so that it is never 0 or 1 (Laplace). */
function baseRate({ label, weight }: Dataset): number {
  const total = [1, 1];
  for (let i = 0; i < label.length; i++) total[label[i]] += weight ? weight[i] : 1;
  return total[1] / (total[0] + total[1]);
}

export function loadConstant(columns: readonly Column[], state: ModelState): Model {
  const { meta } = state;
  if (state.kind !== "constant" || typeof meta !== "object" || meta === null || !("margin" in meta))
    throw new TypeError(`wanted the state of a constant model, found "${state.kind}"`);
  if (typeof meta.margin !== "number" || meta.columns !== columns.length)
    throw new TypeError(`the constant was saved for ${meta.columns} columns, found ${columns.length}`);
  return constantModel(columns, meta.margin);
}

function constantModel(columns: readonly Column[], margin: number): Model {
  return Object.freeze({
    kind: "constant",
    columns,
    margin(row: Float64Array) {
      refuseRow(columns, row.length);
      return margin;
    },
    margins(values: readonly Numbers[], rows: number) {
      refuseRow(columns, values.length);
      return new Float64Array(rows).fill(margin);
    },
    contributions(row: Float64Array, out: Float64Array) {
      refuseRow(columns, row.length);
      out.fill(0);
      return margin;
    },
    save: () => ({ kind: "constant", meta: { margin, columns: columns.length, probability: logistic(margin) } }),
  });
}
