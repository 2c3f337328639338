import { lossOfMargins } from "../../models/metrics/loss-of-margins.ts";
import type { Dataset, Learner, Model } from "../../models/model.ts";
import { takeRows } from "../../models/model.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";

/** A learner's model, and margins of rows that the model (or its twin of another fold) had not fitted. */
export interface Developed {
  readonly model: Model;
  /** One for each row of the choosing rows, in their order. */
  readonly unseen: Float64Array;
  /** Models of the folds, each fitted without its fold: the ones that gave `unseen`. */
  readonly bag: readonly Model[];
}

export interface DevelopContext {
  readonly seed: number;
  readonly onProgress: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** The rows for developing, and how fit and choose are cut out of them. */
export interface Development {
  /** Labels and weights of the choosing rows, in their order. */
  readonly choosing: Pick<Dataset, "rows" | "label" | "weight" | "values">;
  /** Fits, with margins of rows that did not fit. */
  develop(learner: Learner<unknown>, params: unknown, context: DevelopContext): Promise<Developed>;
  /** Mean log loss of choosing rows by models that did not fit them: what a search compares. Cheaper than `develop`. */
  tryOut(learner: Learner<unknown>, params: unknown, context: DevelopContext): Promise<number>;
}

/** Fits on one part and chooses on the other. */
export function developOnParts(fit: Dataset, choose: Dataset): Development {
  return {
    choosing: choose,
    async develop(learner, params, context) {
      const model = await learner.fit(fit, params, { ...context, choose });
      return { model, unseen: model.margins(choose.values, choose.rows), bag: [model] };
    },
    async tryOut(learner, params, context) {
      return lossOfMargins(await learner.fit(fit, params, { ...context, choose }), choose);
    },
  };
}

/**
 * Every row fits in some folds and is judged in another.
 *
 * To develop, first `choosing` of the folds choose for themselves and the learner settles on one set of parameters for
 * all; then each fold is fitted with those, which gives every row a margin from a model that has not seen it; last, all
 * rows are fitted. A learner that settles on nothing chooses in each fold, and fits all rows with its parameters.
 */
export function developOnFolds(
  rows: Dataset,
  folds: { readonly count: number; readonly choosing: number },
  seed: number,
): Development {
  const fold = stratifiedFolds(rows.label, folds.count, seed);
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
  const stepper = (context: DevelopContext, steps: number) => {
    let done = 0;
    return () => {
      const before = done++;
      return { ...context, onProgress: (share: number) => context.onProgress((before + share) / steps) };
    };
  };
  const choosingModels = async (learner: Learner<unknown>, params: unknown, step: () => DevelopContext) => {
    const models: Model[] = [];
    let loss = 0;
    for (let f = 0; f < folds.choosing; f++) {
      const { fit, choose } = partsOf(f);
      const model = await learner.fit(fit, params, { ...step(), choose });
      models.push(model);
      loss += lossOfMargins(model, choose) / folds.choosing;
    }
    return { models, loss };
  };

  return {
    choosing: rows,
    async develop(learner, given, context) {
      const step = stepper(context, (learner.settle ? folds.choosing : 0) + folds.count + 1);
      const params = learner.settle
        ? learner.settle(given, (await choosingModels(learner, given, step)).models)
        : given;
      const unseen = new Float64Array(rows.rows);
      const bag: Model[] = [];
      for (let f = 0; f < folds.count; f++) {
        const { fit, left, choose } = partsOf(f);
        const model = await learner.fit(fit, params, { ...step(), ...(!learner.settle && { choose }) });
        bag.push(model);
        model.margins(choose.values, choose.rows).forEach((margin, k) => {
          unseen[left[k]] = margin;
        });
      }
      return { model: await learner.fit(rows, params, step()), unseen, bag };
    },
    async tryOut(learner, params, context) {
      return (await choosingModels(learner, params, stepper(context, folds.choosing))).loss;
    },
  };
}
