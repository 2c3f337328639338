import type { Recipe } from "../../src/retraining/recipe.ts";

export const DAY_MS = 86_400_000;
const MOST_EARLY = 0.25;

export type Within = Extract<Recipe["target"], { kind: "event-within" }>;
export type Becomes = Extract<Recipe["target"], { kind: "event-becomes" }>;

/** When rows are taken, ms. All at UTC midnights, ascending. */
export interface Spine {
  /** The log is too young to say who was active: its windows begin before it does. */
  readonly early: readonly number[];
  /** The label of these is known. */
  readonly mature: readonly number[];
  /** The horizon of these ends after the log does: nobody may learn from them yet. */
  readonly immature: readonly number[];
}

/**
 * Spine moments `everyDays` apart, counted back from the last midnight whose horizon the log has lived through:
 * …, T − 2·every, T − every, T with T ≤ until − days. None before `first`.
 *
 * Until the log is `activeDays` old, nobody can say who was active in the last `activeDays`, and everybody looks new:
 * these moments are early. A short log gives up no more than a quarter of its moments for that.
 */
export function spineOf({ days, everyDays, activeDays }: Within, first: number, until: number): Spine {
  // whole days, so that moments stay at midnights
  const step = Math.max(1, Math.round(everyDays)) * DAY_MS;
  const last = Math.floor((until - days * DAY_MS) / DAY_MS) * DAY_MS;
  const warm = first + Math.min(activeDays * DAY_MS, MOST_EARLY * (last - first));
  const early: number[] = [];
  const mature: number[] = [];
  for (let moment = last; moment >= first; moment -= step) (moment < warm ? early : mature).push(moment);
  const immature: number[] = [];
  for (let moment = last + step; moment <= until; moment += step) if (moment >= first) immature.push(moment);
  return { early: early.reverse(), mature: mature.reverse(), immature };
}
