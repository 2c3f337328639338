import type { Dataset, Learner, Model } from "../../models/model.ts";
import { takeRows } from "../../models/model.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";

/** A learner's model, and margins of rows that the model (or its twin of another fold) had not fitted. */
export interface Developed {
  readonly model: Model;
  /** One for each row of the choosing rows, in their order. */
  readonly unseen: Float64Array;
}

interface Context {
  readonly seed: number;
  readonly onProgress: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Fits on one part and chooses on the other. */
export async function developOnce(
  learner: Learner<unknown>,
  fit: Dataset,
  choose: Dataset,
  context: Context,
): Promise<Developed> {
  const model = await learner.fit(fit, learner.defaults, { ...context, choose });
  return { model, unseen: model.margins(choose.values, choose.rows) };
}

/**
 * Every row fits in some folds and is judged in another.
 *
 * First `choosing` of the folds choose for themselves and the learner settles on one set of parameters for all; then
 * each fold is fitted with those, which gives every row a margin from a model that has not seen it; last, all rows
 * are fitted. A learner that settles on nothing chooses in each fold, and fits all rows with its defaults.
 */
export async function developRotating(
  learner: Learner<unknown>,
  rows: Dataset,
  folds: { readonly count: number; readonly choosing: number },
  context: Context,
): Promise<Developed> {
  const fold = stratifiedFolds(rows.label, folds.count, context.seed);
  const rowsWhere = (wanted: (f: number) => boolean) => Uint32Array.from(fold.keys()).filter((i) => wanted(fold[i]));
  const partsOf = (f: number) => {
    const left = rowsWhere((g) => g === f);
    return {
      fit: takeRows(
        rows,
        rowsWhere((g) => g !== f),
      ),
      left,
      choose: takeRows(rows, left),
    };
  };
  const steps = (learner.settle ? folds.choosing : 0) + folds.count + 1;
  let done = 0;
  const step = () => {
    const before = done++;
    return { ...context, onProgress: (share: number) => context.onProgress((before + share) / steps) };
  };

  let params = learner.defaults;
  if (learner.settle) {
    const models: Model[] = [];
    for (let f = 0; f < folds.choosing; f++) {
      const { fit, choose } = partsOf(f);
      models.push(await learner.fit(fit, params, { ...step(), choose }));
    }
    params = learner.settle(params, models);
  }
  const unseen = new Float64Array(rows.rows);
  for (let f = 0; f < folds.count; f++) {
    const { fit, left, choose } = partsOf(f);
    const model = await learner.fit(fit, params, { ...step(), ...(!learner.settle && { choose }) });
    model.margins(choose.values, choose.rows).forEach((margin, k) => {
      unseen[left[k]] = margin;
    });
  }
  return { model: await learner.fit(rows, params, step()), unseen };
}
