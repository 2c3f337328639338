import { expect, test } from "vitest";
import type { Event } from "../../../src/events/event.ts";
import { createReducers } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { DAY, MONDAY } from "./support.ts";

const redis = useRedis();

const share = (name: string, event: string) => ({
  ...{ name, kind: "value-share", event, by: "category", window: { days: 30 }, about: name },
});
const recipe = Recipe.parse({
  name: "buys-shown",
  about: "a category that is shown becomes an order of it within 7 days",
  positive: "will buy from it",
  target: {
    ...{ kind: "event-becomes", event: "Category Shown", outcome: "Order Completed" },
    ...{ on: "shelf", days: 7, repeats: true },
  },
});

test("what the event in flight brings is read from the lake too, though no feature counts such events", async () => {
  const reducers = createReducers([share("viewed", "Product Viewed"), share("ordered", "Order Completed")]);
  const did = (number: number, name: string, day: number, category: string): Event => ({
    ...{ id: `e${number}`, name, entity: { kind: "user", id: "ann" } },
    ...{ at: MONDAY + day * DAY, known: MONDAY + day * DAY, properties: { category, shelf: category, price: 9 } },
  });
  const events = [
    did(1, "Product Viewed", 1, "books"),
    did(2, "Product Viewed", 2, "books"),
    did(3, "Product Viewed", 3, "toys"),
    did(4, "Category Shown", 4, "books"), // 2 of 3 views, no order yet
    did(5, "Order Completed", 5, "toys"),
    did(6, "Category Shown", 6, "toys"), // 1 of 3 views, the only order
    did(7, "Category Shown", 6.5, "hats"),
    did(8, "Order Completed", 7, "books"),
    did(9, "Visit", 30, "none"),
  ];
  const memory = createMemoryHouse({ reducers });
  await memory.log.append(events);
  const house = await redisHouse(redis.url, reducers);
  const worker = await house.work({ flushMs: 50 });
  await house.log.append(events);
  await worker.idle();
  await worker.close();

  for (const { lake } of [memory, house]) {
    const { data } = await replayDataset({ recipe, lake, reducers });
    const [viewed, ordered] = data.values.map((values) => [...values]);
    expect(viewed).toEqual([2 / 3, 1 / 3, 0]);
    expect(ordered).toEqual([Number.NaN, 1, 0]);
    expect([...data.label]).toEqual([1, 0, 0]);
  }
});
