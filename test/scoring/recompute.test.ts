import fc from "fast-check";
import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { LoggedEvent } from "../../src/events/event-log.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import type { Receipt } from "../../src/scoring/receipt.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { isInLog, recompute } from "../../src/scoring/recompute.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { only } from "../support/reducers.ts";
import { NOON, tinyEvent, tinyReducer, tinyScorer } from "../support/scoring.ts";

const reducer = tinyReducer();
const scorer = tinyScorer({ catalogue: reducer.digest, weights: [0.3, -0.2, 0.01] });

async function scored(orders: readonly { daysAgo: number; revenue: number; category: string }[], request = {}) {
  const memory = createMemoryHouse({ reducer });
  const receipts = createMemoryReceipts();
  const service = createScoreService({
    clock: () => NOON,
    newId: createReceiptIds(() => NOON),
    reducers: only(reducer),
    questions: [{ model: "purchase", entity: "user" }],
    states: memory.states,
    receipts,
    champions: createChampionHolder(new Map([["purchase", scorer]])),
  });
  const append = ({ daysAgo, revenue, category }: (typeof orders)[number], i: number) =>
    memory.log.append([tinyEvent({ id: `e${i}`, at: NOON - daysAgo * 86_400_000, properties: { revenue, category } })]);
  for (const [i, order] of orders.entries()) await append(order, i);
  const answer = await service.score({ id: "u1", ...request });
  const receipt = (await receipts.load(answer.receipt ?? "")) as Receipt;
  await append({ daysAgo: 0, revenue: 99, category: "shoes" }, 9_999); // what came later must not matter
  const events: LoggedEvent[] = [];
  for await (const batch of memory.lake.readByEntity({})) events.push(...batch);
  return { receipt, record: receipt.scores[0], events, receipts, lake: memory.lake };
}

const order = fc.record({
  daysAgo: fc.integer({ min: 0, max: 60 }),
  revenue: fc.double({ min: 0, max: 1e6, noNaN: true }),
  category: fc.constantFrom("books", "shoes", "hats", ""),
});

test("a receipt recomputes to the same bits from the log alone, in whatever order the log is read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 1, maxLength: 12 }), fc.boolean(), async (orders, reversed) => {
      const { receipt, record, events } = await scored(orders);
      expect(isInLog(receipt, events)).toBe(true);
      const read = reversed ? events.toReversed() : events;
      expect(recompute(receipt, record, read, only(reducer), scorer)).toBeUndefined();
    }),
  );
});

const ONE = [{ daysAgo: 20, revenue: 10, category: "books" }];

test("a broken window in the reader is found and named by its column", async () => {
  const { receipt, record, events } = await scored(ONE);
  const broken = { ...tinyReducer(10), digest: reducer.digest };
  expect(recompute(receipt, record, events, only(broken), scorer)).toEqual({
    model: "purchase",
    what: "row",
    column: "orders_30d",
    kept: 1,
    recomputed: 0,
  });
});

test("a changed version, margin or probability is found and named", async () => {
  const { receipt, record, events } = await scored(ONE);
  const again = (changed: Partial<typeof record>) =>
    recompute(receipt, { ...record, ...changed }, events, only(reducer), scorer);
  expect(again({ digest: "other" })?.what).toBe("version");
  expect(again({ row: new Float64Array(2) })?.what).toBe("columns");
  expect(again({ margin: record.margin + 1e-15 })?.what).toBe("margin");
  expect(again({ probability: record.probability - 1e-16 })?.what).toBe("probability");
});

test("an event that the lake does not hold yet leaves the receipt waiting", async () => {
  const { receipt, events } = await scored(ONE);
  expect(isInLog(receipt, events.slice(1))).toBe(false);
});

test("features that were given recompute without any log", async () => {
  const request = { id: undefined, models: ["purchase"], features: { orders_30d: 2, last_category: "shoes" } };
  const { receipt, record } = await scored(ONE, request);
  expect(isInLog(receipt, [])).toBe(true);
  expect(recompute(receipt, record, [], only(reducer), scorer)).toBeUndefined();
});

test("the check counts what is equal, what differs, and what the lake does not hold yet", async () => {
  const { receipts, lake, receipt } = await scored(ONE);
  const scorerOf = async () => scorer;
  const equal = await checkReceipts(10, { receipts, lake, reducers: only(reducer), scorerOf });
  expect(equal).toEqual({ receipts: 1, scores: 1, equal: 1, notYetInLake: 0, mismatched: [], notComparable: [] });

  const broken = { ...tinyReducer(10), digest: reducer.digest };
  const { mismatched } = await checkReceipts(10, { receipts, lake, reducers: only(broken), scorerOf });
  expect(mismatched).toEqual([expect.objectContaining({ receipt: receipt.id, column: "orders_30d", recomputed: 0 })]);

  const empty = { async *readByEntity() {} };
  expect(await checkReceipts(10, { receipts, lake: empty, reducers: only(reducer), scorerOf })).toMatchObject({
    equal: 0,
    notYetInLake: 1,
  });

  const gone = () => Promise.reject(new PortraitError("VERSION_UNKNOWN", "gone"));
  const { notComparable } = await checkReceipts(10, { receipts, lake, reducers: only(reducer), scorerOf: gone });
  expect(notComparable).toEqual([{ receipt: receipt.id, model: "purchase", code: "VERSION_UNKNOWN" }]);
});
