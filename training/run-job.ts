import { PortraitError } from "../src/errors.ts";
import { nearestNames } from "../src/stores/disk/nearest-names.ts";
import type { Workshop } from "./compose.ts";
import { scoreAll } from "./population/score-all.ts";
import { retrainRecipe, versionName } from "./retrain.ts";
import { segment } from "./segments/segment.ts";
import type { Train } from "./worker.ts";

/** The name under which segments are made anew. */
const SEGMENTS = "segments";

/** Runs one retraining job in a workshop. A job that has published its version already is not run again. */
export function jobRunner(workshop: Workshop): Train {
  const { lake, artifacts, segmentations, reducer, reducers, recipes, population } = workshop;
  return async ({ task, model, until: given, seed, reason }, { askedAt, onProgress, signal }) => {
    const until = given ?? askedAt; // so that a second attempt sees the same log
    const step = (done: number, words: string) => onProgress({ done, step: words });
    if (task !== "score-all" && model === SEGMENTS) {
      const made = await segment({ lake, reducer, until, seed, askedAt, onProgress: step, signal });
      await segmentations.save(made);
      const names = made.segments.map(({ name }) => name).join("; ");
      return {
        model,
        version: made.version,
        promoted: true,
        why: `${reason}: ${made.segments.length} segments: ${names}`,
      };
    }
    const recipe = recipes.find(({ name }) => name === model);
    if (!recipe) {
      const names = recipes.map(({ name }) => name);
      throw new PortraitError(
        "RECIPE_UNKNOWN",
        `Wanted a recipe called ${model}; there are ${names.join(", ")} and segments.`,
        { model, nearest: nearestNames(model, names) },
      );
    }
    if (task === "score-all") {
      if (!population)
        throw new PortraitError("REDIS_AWAY", "Wanted the states of everybody, and no Redis is named. Set REDIS_URL.");
      return scoreAll({ recipe, askedAt, onProgress: step, signal }, { ...workshop, ...population });
    }
    const version = versionName(askedAt);
    const decided = (await artifacts.history(model)).find((promotion) => promotion.version === version);
    if (decided) return { model, version, promoted: true, why: decided.why };
    const { promoted, why } = await retrainRecipe(
      { recipe, until, seed, reason, askedAt },
      { lake, artifacts, reducers, onProgress: step, signal },
    );
    return { model, version, promoted, why };
  };
}
