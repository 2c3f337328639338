import { describe, expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { Usual } from "../../src/scoring/artifact.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { only } from "../support/reducers.ts";
import { NOON, PURCHASE_COLUMNS, tinyEvent, tinyReducer, tinyScorer } from "../support/scoring.ts";

const reducer = tinyReducer();
const away = () => Promise.reject(new PortraitError("REDIS_AWAY", "away"));

/** purchase judges a user, fraud an order in flight, bank is a table's. u1 has two orders of 10. */
async function house(broken: { receipts?: boolean; states?: boolean; usual?: readonly Usual[] } = {}) {
  const catalogue = reducer.digest;
  const champions = createChampionHolder(
    new Map([
      ["purchase", tinyScorer({ catalogue, ...(broken.usual && { manifest: { usual: [...broken.usual] } }) })],
      [
        "fraud",
        tinyScorer({
          name: "fraud",
          catalogue,
          columns: [PURCHASE_COLUMNS[0], { name: "event.revenue", type: "number" }],
          weights: [-1, 0.01],
          base: 0,
        }),
      ],
      ["bank", tinyScorer({ name: "bank", columns: [{ name: "age", type: "number" }], weights: [0.1], base: -4 })],
    ]),
  );
  const { log, states } = createMemoryHouse({ reducer });
  for (const id of ["e1", "e2"]) await log.append([tinyEvent({ id, at: NOON - 1, properties: { revenue: 10 } })]);
  const receipts = createMemoryReceipts();
  const service = createScoreService({
    clock: () => NOON,
    newId: createReceiptIds(() => NOON),
    reducers: only(reducer),
    questions: [
      { model: "purchase", entity: "user" },
      { model: "fraud", entity: "user", event: "Order Completed" },
      { model: "later", entity: "user" },
    ],
    states: broken.states ? { read: away } : states,
    receipts: broken.receipts ? { save: away } : receipts,
    champions,
  });
  return { service, receipts, champions, log };
}

const failure = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test("a row unlike anything that the version has seen is answered with the features that make it so", async () => {
  const usual = [
    { low: 0, middle: 1, high: 2, missing: 0, least: 0, most: 3 },
    { top: [{ value: "books", share: 1 }], missing: 0 },
    { low: 0, middle: 1, high: 2, missing: 0.1 },
  ];
  const { service } = await house({ usual });
  const scored = async (features: Record<string, number | string>) =>
    (await service.score({ features, models: ["purchase"] })).scores.purchase;
  expect(await scored({ orders_30d: 3, last_category: "books" })).not.toHaveProperty("unusual");
  expect((await scored({ orders_30d: 4, last_category: "hats" })).unusual).toEqual(["orders_30d", "last_category"]);
});

test("by id: the state is read now, and every champion that judges the entity answers", async () => {
  const { service, receipts } = await house();
  const answer = await service.score({ entity: "user", id: "u1", reasons: 3 });
  expect(Object.keys(answer.scores)).toEqual(["purchase"]);
  expect(answer.scores.purchase).toEqual({
    probability: 1 / (1 + Math.exp(-1)), // 2 orders − 1
    percentile: expect.closeTo(73.1, 1),
    band: "high",
    version: "v1",
    base: -1,
    reasons: [expect.objectContaining({ words: "2 orders in the last 30 days (usually 0–2): raises it" })],
  });
  expect(await receipts.load(answer.receipt ?? "")).toMatchObject({
    at: NOON,
    entity: { kind: "user", id: "u1" },
    reach: [{ partition: 6, position: { ms: 2, seq: 0, index: 0 } }],
    scores: [{ model: "purchase", margin: 1, row: Float64Array.of(2, NaN, 20) }],
  });
});

test("an event in flight is judged by the models about that event, from its own fields and the state before it", async () => {
  const { service, receipts } = await house();
  const event = { name: "Order Completed", properties: { revenue: 300, order_id: "o9" } };
  const answer = await service.score({ id: "u1", event });
  expect(Object.keys(answer.scores)).toEqual(["fraud"]);
  expect(answer.scores.fraud.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 12); // −2 + 3
  expect((await receipts.load(answer.receipt ?? ""))?.fields).toEqual(event.properties);
});

test("the first event of somebody unknown is judged from an empty state", async () => {
  const { service, receipts } = await house();
  const answer = await service.score({ id: "new", event: { name: "Order Completed", properties: { revenue: 0 } } });
  expect(answer.scores.fraud.probability).toBe(0.5);
  const receipt = await receipts.load(answer.receipt ?? "");
  expect(receipt?.entity).toEqual({ kind: "user", id: "new" });
  expect(receipt && "reach" in receipt).toBe(false);
});

test("features that are given need no state; several models take what each knows", async () => {
  const { service } = await house({ states: true });
  const one = await service.score({ models: ["bank"], features: { age: 40 } });
  expect(one.scores.bank.probability).toBe(0.5);
  expect(one.entity).toBeUndefined();
  const two = await service.score({ models: ["bank", "purchase"], features: { age: 40, orders_30d: 1 } });
  expect([two.scores.bank.probability, two.scores.purchase.probability]).toEqual([0.5, 0.5]);
  await expect(service.score({ models: ["bank", "purchase"], features: { aeg: 40 } })).rejects.toEqual(
    failure("MODEL_INPUT_MISMATCH", /aeg/),
  );
});

describe("what cannot be scored is refused by name", () => {
  test.each([
    [{ id: "nobody-here" }, "ENTITY_UNKNOWN", /Send its events first/],
    [{}, "INPUT_INVALID", /neither/],
    [{ id: "u1", features: {} }, "INPUT_INVALID", /both/],
    [{ features: {}, event: { name: "x" } }, "INPUT_INVALID", /beside/],
    [{ features: { age: 1 } }, "INPUT_INVALID", /purchase, fraud, bank/],
    [{ id: "u1", models: [] }, "INPUT_INVALID", /at least one/],
    [{ id: "u1", models: ["nope"] }, "MODEL_UNKNOWN", /purchase, fraud, bank/],
    [{ id: "u1", models: ["later"] }, "MODEL_NOT_READY", /no champion/],
    [{ id: "u1", models: ["bank"] }, "MODEL_INPUT_MISMATCH", /made from a table/],
    [{ id: "u1", models: ["fraud"] }, "INPUT_INVALID", /"Order Completed" in flight/],
    [{ entity: "company", id: "c1", models: ["purchase"] }, "INPUT_INVALID", /judges a user/],
    [{ entity: "company", id: "c1" }, "MODEL_NOT_READY", /judges a company/],
    [{ id: "u1", event: { name: "Loan Granted" } }, "MODEL_NOT_READY", /"Loan Granted" of a user/],
  ])("%j → %s", async (request, code, message) => {
    const { service } = await house();
    await expect(service.score(request)).rejects.toEqual(failure(code, message));
  });

  test("and the id of a person is in no message", async () => {
    const { service } = await house();
    const error = await service.score({ id: "nobody-here" }).catch((caught) => caught);
    expect(JSON.stringify([error.message, error.facts])).not.toContain("nobody-here");
  });
});

test("without Redis features are scored on, and the answer says that the receipt is missing", async () => {
  const { service } = await house({ receipts: true, states: true });
  const answer = await service.score({ models: ["bank"], features: { age: 40 } });
  expect(answer).toMatchObject({ scores: { bank: { probability: 0.5 } }, missing: ["receipt"] });
  expect("receipt" in answer).toBe(false);
});

test("without Redis an id cannot be scored: not without its state, not without its receipt", async () => {
  await expect((await house({ states: true })).service.score({ id: "u1" })).rejects.toEqual(failure("REDIS_AWAY"));
  const { service } = await house({ receipts: true });
  await expect(service.score({ id: "u1" })).rejects.toEqual(failure("REDIS_AWAY"));
  expect(await service.score({ id: "u1", receipt: "none" })).not.toHaveProperty("receipt");
});

test("a batch answers each by its place, the good and the bad", async () => {
  const { service } = await house();
  const answers = await service.scoreBatch([
    { id: "u1" },
    { id: "nobody" },
    { models: ["bank"], features: { age: 40 } },
  ]);
  expect(answers[0]).toMatchObject({ entity: { id: "u1" }, receipt: expect.any(String) });
  expect(answers[1]).toEqual(failure("ENTITY_UNKNOWN"));
  expect(answers[2]).toMatchObject({ scores: { bank: { probability: 0.5 } } });
});

test("a batch without Redis still scores the features in it", async () => {
  const { service } = await house({ states: true, receipts: true });
  const answers = await service.scoreBatch([{ id: "u1" }, { models: ["bank"], features: { age: 40 } }]);
  expect(answers[0]).toEqual(failure("REDIS_AWAY"));
  expect(answers[1]).toMatchObject({ missing: ["receipt"] });
});

test("a request that waits for its state answers from the champions that it began with", async () => {
  const { service, champions } = await house();
  const answer = service.score({ id: "u1" });
  champions.swap(new Map([["purchase", tinyScorer({ version: "v2", catalogue: reducer.digest })]]));
  expect((await answer).scores.purchase.version).toBe("v1");
  expect((await service.score({ id: "u1" })).scores.purchase.version).toBe("v2");
});

test("a version that read another catalogue is refused by id and goes on inline", async () => {
  const { service, champions } = await house();
  champions.swap(new Map([["purchase", tinyScorer({ catalogue: "other" })]]));
  await expect(service.score({ id: "u1" })).rejects.toEqual(
    failure("MODEL_INPUT_MISMATCH", /another feature catalogue/),
  );
  expect(await service.score({ models: ["purchase"], features: { orders_30d: 1 } })).toMatchObject({
    scores: { purchase: { probability: 0.5 } },
  });
});
