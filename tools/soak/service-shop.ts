import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { simulateCalls } from "../../data/simulate/simulate.ts";
import type { Event } from "../../src/events/event.ts";
import { readSingle } from "../../src/events/segment-call.ts";

export const MODEL = "purchase";
const FEATURES = ["orders_400d", "days_since_order", "days_since_seen", "views_7d", "cart_adds_7d", "spent_90d"];
const DAY_MS = 86_400_000;
/** So long is the history that is simulated. */
const DAYS = 180;

/** Declares a recipe of six features, so that it learns in seconds, in a var folder. Answers the file. */
export function declareShop(root: string): string {
  const file = join(root, "portrait.config.json");
  const recipe = {
    name: MODEL,
    about: "buys within 30 days",
    positive: "will buy",
    target: { kind: "event-within", event: "Order Completed", days: 30 },
    features: FEATURES,
    learners: ["gbdt"],
    // each version is to answer, better or not: the swap is what is looked at
    gate: { minRows: 100, minPositives: 10, aucSlack: 1 },
  };
  writeFileSync(file, JSON.stringify({ recipes: [recipe] }));
  return file;
}

/** A simulated shop's events up to the last midnight, known when they happened. */
export function shopHistory(people: number, seed: number, now: number): Event[] {
  const until = midnightBefore(now);
  return [...simulateCalls({ people, days: DAYS, seed, until })].flatMap(
    (call) => readSingle(call.type, call, Date.parse(call.timestamp), () => call.messageId).events,
  );
}

/** Of retraining `i` of `count`: each learns from a few more days than the one before, the last from all. */
export const learnsUntil = (i: number, count: number, now: number): number =>
  midnightBefore(now) - Math.round(((count - i) * 60) / Math.max(1, count)) * DAY_MS;

/** Features of nobody in particular, some missing, as JSON. @param dice a number in [0, 1) a call */
export function someFeatures(dice: () => number): Record<string, number> {
  const most = [8, 400, 400, 60, 20, 900];
  const given: Record<string, number> = {};
  FEATURES.forEach((name, i) => {
    if (dice() < 0.85) given[name] = Math.round(dice() * most[i] * 100) / 100;
  });
  return given;
}

const midnightBefore = (now: number): number => Math.floor(now / DAY_MS) * DAY_MS;
