import { expect, test } from "vitest";
import { CATEGORIES } from "../../data/simulate/goods.ts";
import type { Event } from "../../src/events/event.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducers } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { modelOf } from "../../src/scoring/artifact-bytes.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createRanker } from "../../src/scoring/rank.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScorer } from "../../src/scoring/scorer.ts";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { retrainRecipe } from "../../training/retrain.ts";
import { SHOP_CLOSES, simulatedEvents } from "../support/simulated.ts";

const DAY = 86_400_000;
/** What is known later was not there to learn from; the first order of each person after it is what is asked. */
const CUT = SHOP_CLOSES - 30 * DAY;

/** As in docs/recipes.md. */
const share = (name: string, event: string, about: string) => ({
  ...{ name, kind: "value-share", event, by: "category", window: { days: 90 } },
  about: `share of this category among the ${about} in the last 90 days`,
});
const FEATURES = [
  ...DEFAULT_FEATURES,
  share("viewed_of_this", "Product Viewed", "products viewed"),
  share("ordered_of_this", "Order Completed", "orders"),
];
const recipe = Recipe.parse({
  name: "buys-shown",
  about: "a category that is shown becomes an order of it within 7 days",
  positive: "will buy from it",
  target: {
    kind: "event-becomes",
    event: "Category Shown",
    outcome: "Order Completed",
    on: "category",
    days: 7,
    repeats: true,
  },
  fields: { category: "category" },
  features: ["viewed_of_this", "ordered_of_this", "orders_90d"],
  quality: "fast",
});

/** Now and then the shop shows every category to who comes in, so that showing says nothing by itself. */
function withShown(events: readonly Event[]): Event[] {
  const shown = events.filter(({ name }, i) => name === "Product Viewed" && i % 9 === 0);
  const impressions = shown.flatMap((view) =>
    CATEGORIES.map((category) => ({
      ...{ id: `${view.id}-${category}`, name: "Category Shown", entity: view.entity },
      ...{ at: view.at - 1_000, known: view.known - 1_000, properties: { category } },
    })),
  );
  return [...events, ...impressions].sort((a, b) => a.known - b.known);
}

test("from events to a ranking of categories that finds the next order better than chance and than what sells most", async () => {
  const reducers = createReducers(FEATURES);
  const events = withShown(simulatedEvents(250, 150));
  const past = events.filter(({ known }) => known < CUT);
  const { log, states, lake } = createMemoryHouse({ reducers });
  await log.append(past);
  const artifacts = createMemoryArtifacts();
  const request = { recipe, seed: 7, reason: "manual", askedAt: CUT };
  const { version, promoted, about } = await retrainRecipe(request, { lake, artifacts, reducers });
  expect(promoted).toBe(true);
  expect(about).toMatchObject({ foretold: 0, unnamed: 0 });

  const artifact = await artifacts.load(recipe.name, version);
  const rank = createRanker({
    clock: () => CUT,
    newId: createReceiptIds(() => CUT),
    reducers,
    questions: [{ model: recipe.name, entity: "user", event: "Category Shown", on: "category" }],
    states,
    receipts: createMemoryReceipts(),
    champions: createChampionHolder(new Map([[recipe.name, createScorer(artifact, modelOf(artifact))]])),
  });
  const ordered = (some: typeof events) => some.filter(({ name }) => name === "Order Completed");
  const sold = (category: string) => ordered(past).filter(({ properties }) => properties.category === category).length;
  const bestSold = CATEGORIES.toSorted((a, b) => sold(b) - sold(a));
  const next = new Map<string, string>();
  for (const { known, entity, properties } of ordered(events))
    if (known >= CUT && !next.has(entity.id)) next.set(entity.id, String(properties.category));

  const places = { ranked: 0, bestSold: 0 };
  for (const [id, category] of next) {
    const candidates = CATEGORIES.map((name) => ({ name }));
    const { ranking, scored } = await rank({ id, model: recipe.name, candidates, top: 8, receipt: "none" });
    expect(scored).toBe(8);
    places.ranked += 1 + ranking.findIndex(({ name }) => name === category);
    places.bestSold += 1 + bestSold.indexOf(category);
  }
  expect(next.size).toBeGreaterThan(60);
  const chance = (1 + CATEGORIES.length) / 2; // 4.5
  // the mean place of a random order has a standard error of 2.29 / √n
  expect(places.ranked / next.size).toBeLessThan(chance - (4 * 2.29) / Math.sqrt(next.size));
  expect(places.ranked).toBeLessThan(places.bestSold);
});
