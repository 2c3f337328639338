import { PortraitError } from "../src/errors.ts";
import { nearestNames } from "../src/stores/disk/nearest-names.ts";
import type { Workshop } from "./compose.ts";
import { retrainRecipe, versionName } from "./retrain.ts";
import type { Train } from "./worker.ts";

/** Runs one retraining job in a workshop. A job that has published its version already is not run again. */
export function jobRunner({ lake, artifacts, reducer, recipes }: Workshop): Train {
  return async ({ model, until, seed, reason }, { askedAt, onProgress, signal }) => {
    const recipe = recipes.find(({ name }) => name === model);
    if (!recipe) {
      const names = recipes.map(({ name }) => name);
      throw new PortraitError(
        "RECIPE_UNKNOWN",
        `Wanted a recipe called ${model}; there are ${names.join(", ")} and segments.`,
        { model, nearest: nearestNames(model, names) },
      );
    }
    const version = versionName(askedAt);
    const decided = (await artifacts.history(model)).find((promotion) => promotion.version === version);
    if (decided) return { model, version, promoted: true, why: decided.why };
    const step = (done: number, words: string) => onProgress({ done, step: words });
    const { promoted, why } = await retrainRecipe(
      // bounded by the asking, so that a second attempt sees the same log
      { recipe, until: until ?? askedAt, seed, reason, askedAt },
      { lake, artifacts, reducer, onProgress: step, signal },
    );
    return { model, version, promoted, why };
  };
}
