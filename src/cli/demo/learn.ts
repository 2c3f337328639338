import type { Oracle } from "../../../data/simulate/truth.ts";
import type { Config } from "../../config.ts";
import type { Segmentation } from "../../segments/segmentation.ts";
import { progressBar } from "../progress.ts";

/** What a person is told of a freshly trained model. */
export interface LearnedFace {
  readonly model: string;
  readonly about: string;
  readonly rows: number;
  readonly positives: number;
  readonly version: string;
  readonly promoted: boolean;
  readonly why: string;
  /** AUC on unseen rows by who answered: the learner, constant, a baseline, the all-knowing oracle. */
  readonly auc: Readonly<Record<string, number | null>>;
  readonly kind: string;
}

const logit = (p: number) => Math.log(p / (1 - p));

/** Makes the segments and the three models from the lake, and publishes them to Redis and the disk. */
export async function learnAll(
  config: Config,
  redisUrl: string,
  options: { readonly truth: Oracle; readonly untilOf: (model: string) => number | undefined },
): Promise<{ readonly segmentation: Segmentation; readonly models: readonly LearnedFace[] }> {
  const [{ composeTraining }, { segment }, { retrainRecipe }] = await Promise.all([
    import("../../../training/compose.ts"),
    import("../../../training/segments/segment.ts"),
    import("../../../training/retrain.ts"),
  ]);
  const workshop = await composeTraining(config, redisUrl);
  try {
    const { lake, reducer, reducers, artifacts, segmentations } = workshop;
    const bar = progressBar("Segments");
    const segmentation = await segment({
      lake,
      reducer,
      seed: config.seed,
      askedAt: Date.now(),
      onProgress: bar.update,
    });
    await segmentations.save(segmentation);
    bar.end(`${segmentation.segments.length} segments`);

    const models: LearnedFace[] = [];
    for (const recipe of workshop.recipes) {
      const { name } = recipe;
      const bar = progressBar(`Learning ${name}`);
      const made = await retrainRecipe(
        {
          recipe,
          until: options.untilOf(name),
          seed: config.seed,
          reason: "demo",
          askedAt: Date.now(),
          beside: ({ data, entity, thing }) => ({
            oracle: Float64Array.from({ length: data.rows }, (_, i) => {
              if (name === "purchase") return logit(options.truth.purchase(entity[i], data.time?.[i] ?? Number.NaN));
              return logit(name === "fraud" ? options.truth.fraud(thing[i]) : options.truth.repayment(thing[i]));
            }),
          }),
        },
        { lake, reducers, artifacts, onProgress: bar.update },
      );
      bar.end(made.version);
      const { metrics, kind } = made.artifact.manifest;
      models.push({
        model: name,
        about: recipe.about,
        rows: made.about.rows,
        positives: made.about.positives,
        version: made.version,
        promoted: made.promoted,
        why: made.why,
        kind,
        auc: Object.fromEntries(Object.entries(metrics).map(([who, { auc }]) => [who, auc])),
      });
    }
    return { segmentation, models };
  } finally {
    await workshop.close();
  }
}
