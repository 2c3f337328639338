import type { Learner, Model } from "../model.ts";
import { type BlendModel, blendModel, loadBlend } from "./blend-model.ts";
import { type BlendWeights, fitBlendWeights } from "./fit-weights.ts";

export interface BlendParams {
  /** Parameters of each member, in the order in which the blend was made of them. */
  readonly members: readonly unknown[];
  /** Weights that are known already; without them, they are fitted on the choosing rows, or equal. */
  readonly known?: BlendWeights;
}

/**
 * The way of learning that fits several ways of learning and sums their log-odds, weighted by log loss on
 * `context.choose`; without choosing rows and known weights, their plain mean. Deterministic where its members are.
 */
export function blendOf(members: readonly Learner<unknown>[]): Learner<BlendParams> {
  return {
    kind: "blend",
    defaults: { members: members.map(({ defaults }) => defaults) },
    async fit(data, params, context): Promise<BlendModel> {
      const models: Model[] = [];
      for (const [k, learner] of members.entries()) {
        const onProgress = (done: number) => context.onProgress?.((k + done) / members.length);
        models.push(await learner.fit(data, params.members[k], { ...context, onProgress }));
      }
      const { choose } = context;
      const { weights, intercept } =
        params.known ??
        (choose
          ? fitBlendWeights(
              models.map((model) => model.margins(choose.values, choose.rows)),
              choose.label,
              { weight: choose.weight },
            )
          : { weights: models.map(() => 1 / models.length), intercept: 0 });
      const backend = models.find((model) => model.backend)?.backend;
      return blendModel(
        data.columns,
        models.map((model, k) => ({ model, weight: weights[k] })),
        intercept,
        backend,
      );
    },
    /** Each member settles for itself; the weights are the folds' mean. */
    settle(params, models) {
      const blends = models as readonly BlendModel[];
      const mean = (of: (blend: BlendModel) => number) => blends.reduce((sum, b) => sum + of(b) / blends.length, 0);
      return {
        members: members.map((learner, k) => {
          const own = blends.map((blend) => blend.members[k].model);
          return learner.settle ? learner.settle(params.members[k], own) : params.members[k];
        }),
        known: {
          weights: members.map((_, k) => mean((blend) => blend.members[k].weight)),
          intercept: mean((blend) => blend.intercept),
        },
      };
    },
    load: (columns, state) =>
      loadBlend(columns, state, (own, member) => {
        const learner = members.find(({ kind }) => kind === member.kind);
        if (!learner)
          throw new TypeError(
            `wanted a blend of ${members.map(({ kind }) => kind).join(", ")}, found a ${member.kind} in it`,
          );
        return learner.load(own, member);
      }),
  };
}
