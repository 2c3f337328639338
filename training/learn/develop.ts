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
 * For small tables: every row fits in some folds and chooses in another.
 *
 * First each fold chooses for itself and the learner settles on one set of parameters for all; then each fold is fitted
 * again with those, which gives every row a margin from a model that has not seen it; last, all rows are fitted.
 */
export async function developRotating(
  learner: Learner<unknown>,
  rows: Dataset,
  folds: number,
  context: Context,
): Promise<Developed> {
  const fold = stratifiedFolds(rows.label, folds, context.seed);
  const within = (wanted: (f: number) => boolean) =>
    takeRows(
      rows,
      Uint32Array.from(fold.keys()).filter((i) => wanted(fold[i])),
    );
  const steps = (learner.settle ? 2 : 1) * folds + 1;
  let done = 0;
  const step = () => {
    const before = done++;
    return { ...context, onProgress: (share: number) => context.onProgress((before + share) / steps) };
  };

  const models: Model[] = [];
  const unseen = new Float64Array(rows.rows);
  const keep = (model: Model, f: number, part: Dataset) => {
    const margins = model.margins(part.values, part.rows);
    let next = 0;
    for (let i = 0; i < fold.length; i++) if (fold[i] === f) unseen[i] = margins[next++];
  };
  for (let f = 0; f < folds; f++) {
    const [fit, choose] = [within((g) => g !== f), within((g) => g === f)];
    const model = await learner.fit(fit, learner.defaults, { ...step(), choose });
    models.push(model);
    keep(model, f, choose);
  }
  const params = learner.settle ? learner.settle(learner.defaults, models) : learner.defaults;
  if (learner.settle)
    for (let f = 0; f < folds; f++) {
      const model = await learner.fit(
        within((g) => g !== f),
        params,
        step(),
      );
      keep(
        model,
        f,
        within((g) => g === f),
      );
    }
  return { model: await learner.fit(rows, params, step()), unseen };
}
