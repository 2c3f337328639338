import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { EntityKind } from "../../src/features/entity-kinds.ts";
import { createJoint } from "../../src/features/joint.ts";
import { createReducers } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { replayReceipt } from "../../src/scoring/replay-receipt.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, PURCHASE_COLUMNS, tinyEvent, tinyReducer, tinyScorer } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

const views = (more: Record<string, unknown> = {}) =>
  Recipe.parse({
    name: "buys-next",
    about: "a view of a category becomes an order of it within 7 days",
    positive: "will buy from it",
    target: {
      kind: "event-becomes",
      event: "Product Viewed",
      outcome: "Order Completed",
      on: "category",
      days: 7,
      repeats: true,
    },
    fields: { category: "category", price: "number" },
    ...more,
  });
const moments = (name: string) =>
  Recipe.parse({
    name,
    about: name,
    positive: name,
    target: { kind: "event-within", event: "Order Completed", days: 30 },
  });

/** margin = 0.1 · (place of the category) − 0.01 · price + orders in 30 days. */
const COLUMNS: readonly Column[] = [
  { name: "event.category", type: "category", categories: ["books", "shoes", "toys"] },
  { name: "event.price", type: "number" },
  PURCHASE_COLUMNS[0],
];
const digest = tinyReducer().digest;
const scorer = tinyScorer({
  name: "buys-next",
  columns: COLUMNS,
  weights: [0.1, -0.01, 1],
  base: 0,
  catalogue: digest,
});
const byModel = (name: string, base: number) => tinyScorer({ name, base, catalogue: digest });
const champions = () =>
  createChampionHolder(
    new Map([
      ["buys-next", scorer],
      ["buys-books", byModel("buys-books", -2)],
      ["buys-toys", byModel("buys-toys", 1)],
      ["buys-hats", byModel("buys-hats", 1)],
    ]),
  );
const recipes = [views(), ...["buys-books", "buys-toys", "buys-hats", "buys-air"].map(moments)];
const given = () => ({ recipes, champions: champions(), receipts: createMemoryReceipts({ clock: () => NOON }) });
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const names = (body: unknown) => (body as { ranking: { name: string }[] }).ranking.map(({ name }) => name);

describe("candidates as events in flight", () => {
  test("the likeliest first, each with its score, its reasons and a receipt of its own", async () => {
    await using house = await serve(given());
    await house.services.eventLog.append([tinyEvent()]);
    const candidates = ["books", "toys", { name: "shoes", properties: { price: 20 } }];
    const { status, body } = await house.post("/v1/rank", { id: "u1", model: "buys-next", candidates, reasons: 1 });
    expect([status, body.scored, names(body)]).toEqual([200, 3, ["toys", "books", "shoes"]]);
    const [toys, , shoes] = body.ranking as unknown as { probability: number; reasons: unknown[]; receipt: string }[];
    expect(toys.probability).toBeCloseTo(sigmoid(0.2 + 1), 12);
    expect(shoes.probability).toBeCloseTo(sigmoid(0.1 - 0.2 + 1), 12);
    expect(toys.reasons).toEqual([expect.objectContaining({ feature: "orders_30d", contribution: 1 })]);
    const receipt = (await house.get(`/v1/receipts/${shoes.receipt}`)).body;
    expect(receipt).toMatchObject({ event: "Product Viewed", fields: { category: "shoes", price: 20 } });
    expect(receipt.scores).toMatchObject([{ model: "buys-next", row: [1, 20, 1] }]);
  });

  test("only the first are told of and leave receipts; all are scored", async () => {
    const mine = given();
    await using house = await serve(mine);
    const candidates = Array.from({ length: 1_000 }, (_, i) => ({
      name: `item ${i}`,
      properties: { price: (i * 7) % 1_000 },
    }));
    const { body } = await house.post("/v1/rank", { id: "new", model: "buys-next", candidates, top: 3 });
    expect([body.scored, names(body)]).toEqual([1_000, ["item 0", "item 143", "item 286"]]); // 0, 1 and 2 cost least
    expect(await mine.receipts.latest(1_000)).toHaveLength(3);
    const none = await house.post("/v1/rank", { id: "new", model: "buys-next", candidates: ["a"], receipt: "none" });
    expect(none.body.ranking["0"].receipt).toBeUndefined();
    expect(await mine.receipts.latest(1_000)).toHaveLength(3);
  });

  test("of equal ones by name, and in an order that does not hang on how they were sent", async () => {
    await using house = await serve(given());
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(["hats", "gloves", "books", "air", "toys"], { minLength: 5 }),
        async (candidates) => {
          const { body } = await house.post("/v1/rank", { id: "u1", model: "buys-next", candidates, receipt: "none" });
          expect(names(body)).toEqual(["toys", "air", "books", "gloves", "hats"]); // books is place 0, the unknown say nothing
        },
      ),
      { numRuns: 20 },
    );
  });

  test("what all candidates carry is said once, and a candidate may say otherwise", async () => {
    await using house = await serve(given());
    const candidates = ["books", { name: "sale", properties: { category: "books", price: 1 } }];
    const { body } = await house.post("/v1/rank", {
      id: "u1",
      model: "buys-next",
      candidates,
      properties: { price: 50 },
    });
    expect(names(body)).toEqual(["sale", "books"]);
    expect(body.ranking["1"].probability).toBeCloseTo(sigmoid(-0.5), 12);
  });

  test("a candidate that cannot be calculated with is named; the others are ranked", async () => {
    await using house = await serve(given());
    const endless = tinyScorer({
      name: "buys-next",
      columns: COLUMNS,
      weights: [0, Number.POSITIVE_INFINITY, 0],
      base: 0,
      catalogue: digest,
    });
    house.services.champions.swap(new Map([["buys-next", endless]]));
    const candidates = ["books", { name: "dear", properties: { price: 0 } }];
    const { body } = await house.post("/v1/rank", { id: "u1", model: "buys-next", candidates });
    expect([names(body), body.failed]).toEqual([
      ["books"],
      [expect.objectContaining({ name: "dear", code: "MODEL_INPUT_MISMATCH" })],
    ]);
  });
});

describe("several models", () => {
  test("are ranked by what they say of the same person, with one receipt", async () => {
    await using house = await serve(given());
    await house.services.eventLog.append([tinyEvent()]);
    const models = ["buys-books", "buys-toys", "buys-hats"];
    const { body } = await house.post("/v1/rank", { id: "u1", models, top: 2 });
    expect([body.scored, names(body)]).toEqual([3, ["buys-hats", "buys-toys"]]); // equal, so by name
    expect(body.ranking["0"].receipt).toBe(body.ranking["1"].receipt);
    const receipt = (await house.get(`/v1/receipts/${body.ranking["0"].receipt}`)).body;
    expect(receipt.scores).toMatchObject([{ model: "buys-hats" }, { model: "buys-toys" }]);
  });
});

const MANY = Array.from({ length: 1_001 }, (_, i) => `item ${i}`);

test.each([
  [{ id: "u1" }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next" }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next", candidates: [] }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next", candidates: ["a"], models: ["buys-toys"] }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next", candidates: ["a", "a"] }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next", candidates: MANY }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-next", candidates: ["a"], top: 101, reasons: 1 }, 400, "INPUT_INVALID"],
  [{ id: "u1", model: "buys-toys", candidates: ["a"] }, 400, "INPUT_INVALID"], // judges no event
  [{ id: "u1", models: ["buys-next"] }, 400, "INPUT_INVALID"], // judges an event
  [{ id: "u1", models: ["buys-air"] }, 503, "MODEL_NOT_READY"],
  [{ id: "u1", models: ["nope"] }, 404, "MODEL_UNKNOWN"],
  [{ id: "nobody", models: ["buys-toys"] }, 404, "ENTITY_UNKNOWN"],
])("what cannot be ranked is refused by name: %#", async (body, status, code) => {
  await using house = await serve(given());
  await house.services.eventLog.append([tinyEvent()]);
  const res = await house.post("/v1/rank", body);
  expect([res.status, res.body.code]).toEqual([status, code]);
});

test("entities that candidates touch are read too, all in one reading, and every receipt is proved by the log", async () => {
  const item = EntityKind.parse({
    name: "item",
    from: "item_id",
    features: [
      {
        name: "views_30d",
        kind: "count",
        event: "Product Viewed",
        window: { days: 30 },
        about: "views in the last 30 days",
      },
    ],
  });
  const reducers = createReducers(item.features, [item]);
  const joint = createJoint(reducers, "user", reducers.kinds);
  const columns: Column[] = joint.features.map(({ name }) => ({ name, type: "number" as const }));
  const popular = tinyScorer({ name: "buys-next", columns, weights: [0.5, 1], base: -3, catalogue: joint.digest });
  const { log, states, lake } = createMemoryHouse({ reducers });
  const view = (id: string, item_id: string) =>
    tinyEvent({ id, name: "Product Viewed", entity: { kind: "user", id: "other" }, properties: { item_id } });
  await log.append([view("1", "i7"), view("2", "i7"), view("3", "i9")]);
  let reads = 0;
  const counted: typeof states = {
    ...states,
    read(asked) {
      reads++;
      return states.read(asked);
    },
  };
  const receipts = createMemoryReceipts({ clock: () => NOON });
  await using house = await serve({
    recipes: [views({ target: { ...views().target, on: "item_id" }, fields: {} })],
    champions: createChampionHolder(new Map([["buys-next", popular]])),
    reducers,
    eventLog: log,
    states: counted,
    receipts,
  });
  const { body } = await house.post("/v1/rank", { id: "u1", model: "buys-next", candidates: ["i1", "i9", "i7"] });
  expect([names(body), reads]).toEqual([["i7", "i9", "i1"], 1]);
  expect(body.ranking["0"].probability).toBeCloseTo(sigmoid(-3 + 2), 12);
  const report = await checkReceipts(10, { receipts, lake, reducers, scorerOf: async () => popular });
  expect(report).toMatchObject({ scores: 3, equal: 3, mismatched: [], notYetInLake: 0 });
  const replayed = await replayReceipt(String(body.ranking["0"].receipt), { receipts, scorerOf: async () => popular });
  expect(replayed.equal).toBe(true);
});
