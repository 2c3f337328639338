import type { Recipe } from "../../src/retraining/recipe.ts";
import { partsByTime } from "../learn/parts.ts";
import { gapsOf } from "../retrain.ts";
import type { Replayed } from "./replay-dataset.ts";

const DAY_MS = 86_400_000;

/**
 * The part that a training of `recipe` gives each row: "fit", "choose" or "test"; "aside" where the outcome was not known when
 * the next part began. Whoever trains elsewhere fits on "fit" alone, may stop early by "choose", and leaves "test" in peace.
 *
 * @throws DATASET_TOO_SMALL as the training would
 */
export function partNames({ data }: Replayed, { target }: Recipe): string[] {
  const { gapMs, fitGapMs } = gapsOf(target.days * DAY_MS, data.time);
  const parts = partsByTime(data, gapMs, fitGapMs);
  const names = Array<string>(data.rows).fill("aside");
  for (const part of ["fit", "choose", "test"] as const) for (const row of parts[part]) names[row] = part;
  return names;
}
