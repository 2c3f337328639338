import type { Recipe } from "../../src/retraining/recipe.ts";

export const DAY_MS = 86_400_000;

export type Within = Extract<Recipe["target"], { kind: "event-within" }>;
export type Becomes = Extract<Recipe["target"], { kind: "event-becomes" }>;

/** When rows are taken, ms. All at UTC midnights, ascending. */
export interface Spine {
  /** The label of these is known. */
  readonly mature: readonly number[];
  /** The horizon of these ends after the log does: nobody may learn from them yet. */
  readonly immature: readonly number[];
}

/**
 * Spine moments `everyDays` apart, counted back from the last midnight whose horizon the log has lived through:
 * …, T − 2·every, T − every, T with T ≤ until − days. None before `first`.
 */
export function spineOf({ days, everyDays }: Within, first: number, until: number): Spine {
  // whole days, so that moments stay at midnights
  const step = Math.max(1, Math.round(everyDays)) * DAY_MS;
  const last = Math.floor((until - days * DAY_MS) / DAY_MS) * DAY_MS;
  const mature: number[] = [];
  for (let moment = last; moment >= first; moment -= step) mature.push(moment);
  const immature: number[] = [];
  for (let moment = last + step; moment <= until; moment += step) if (moment >= first) immature.push(moment);
  return { mature: mature.reverse(), immature };
}
