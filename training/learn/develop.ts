import { blendModel } from "../../models/blend/blend-model.ts";
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
  develop(learner: Learner<unknown>, params: unknown, context: DevelopContext, how?: DevelopHow): Promise<Developed>;
  /**
   * Mean log losses of choosing rows by models that did not fit them, part by part, as long as `goesOn` with those so far:
   * what a search compares.
   */
  tryOut(
    learner: Learner<unknown>,
    params: unknown,
    context: DevelopContext,
    goesOn?: (losses: readonly number[]) => boolean,
  ): Promise<Tried>;
}

export interface DevelopHow {
  /** The parameters are settled already: by `tryOut`, say. */
  readonly settled?: boolean;
  /** The model shall be the mean of the folds' log-odds; all rows together are not fitted then. */
  readonly bag?: boolean;
}

export interface Tried {
  readonly losses: readonly number[];
  /** Settled on by the parts that were tried. */
  readonly params: unknown;
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
      const model = await learner.fit(fit, params, { ...context, choose });
      return { losses: [lossOfMargins(model, choose)], params: learner.settle?.(params, [model]) ?? params };
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
  const settle = (learner: Learner<unknown>, params: unknown, models: readonly Model[]) =>
    learner.settle?.(params, models) ?? params;

  return {
    choosing: rows,
    async develop(learner, given, context, { settled = !learner.settle, bag: bagged = false } = {}) {
      const step = stepper(context, (settled ? 0 : folds.choosing) + folds.count + (bagged ? 0 : 1));
      const choosing: Model[] = [];
      for (let f = 0; f < folds.choosing && !settled; f++) {
        const { fit, choose } = partsOf(f);
        choosing.push(await learner.fit(fit, given, { ...step(), choose }));
      }
      const params = settled ? given : settle(learner, given, choosing);
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
      return { model: bagged ? meanOf(bag) : await learner.fit(rows, params, step()), unseen, bag };
    },
    async tryOut(learner, params, context, goesOn = () => true) {
      const step = stepper(context, folds.count);
      const models: Model[] = [];
      const losses: number[] = [];
      for (let f = 0; f < folds.count && (f === 0 || goesOn(losses)); f++) {
        const { fit, choose } = partsOf(f);
        const model = await learner.fit(fit, params, { ...step(), choose });
        models.push(model);
        losses.push(lossOfMargins(model, choose));
      }
      return { losses, params: settle(learner, params, models) };
    },
  };
}

/** The mean of the models' log-odds. */
function meanOf(models: readonly Model[]): Model {
  const [{ columns, backend }] = models;
  return blendModel(
    columns,
    models.map((model) => ({ model, weight: 1 / models.length })),
    0,
    backend,
  );
}
