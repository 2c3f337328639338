import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import type { Event, Property } from "../../src/events/event.ts";
import { EntityKind } from "../../src/features/entity-kinds.ts";
import { createJoint } from "../../src/features/joint.ts";
import { createReducers } from "../../src/features/reducers.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { tinyScorer } from "../support/scoring.ts";

const NOON = Date.UTC(2026, 2, 1, 12);
const HOUR = 3_600_000;
const PAID = "Transaction";
const count = (name: string, days: number) => ({ kind: "count", name, event: PAID, window: { days }, about: name });
const mean = {
  kind: "mean",
  name: "amount_7d",
  event: PAID,
  value: "amount",
  window: { days: 7 },
  about: "mean amount",
};
const kindsOf = (days: number) => [
  EntityKind.parse({ name: "terminal", from: "terminal_id", features: [count("payments_7d", days), mean] }),
  EntityKind.parse({ name: "card", from: "card", features: [count("payments_1d", 1)] }),
];
const kinds = kindsOf(7);
const reducers = createReducers([count("payments_7d", 7)], kinds);
const columns: Column[] = [
  "payments_7d",
  "terminal.payments_7d",
  "terminal.amount_7d",
  "card.payments_1d",
  "event.amount",
  "event.amount / terminal.amount_7d",
].map((name) => ({ name, type: "number" }));
const fraud = tinyScorer({
  name: "fraud",
  columns,
  weights: [0.1, 0.2, 0.001, 0.3, 0.01, 0.5],
  catalogue: createJoint(reducers, "user", kinds).digest,
});
/** Reads nobody but the user: a kind that is declared later leaves it valid. */
const plain = tinyScorer({
  name: "plain",
  columns: columns.slice(0, 1),
  weights: [1],
  catalogue: createReducers([count("payments_7d", 7)]).digest,
});

function house() {
  let now = NOON;
  const memory = createMemoryHouse({ reducers, partitions: 3 });
  const receipts = createMemoryReceipts();
  let reads = 0;
  const service = createScoreService({
    clock: () => now,
    newId: createReceiptIds(() => now),
    reducers,
    questions: [fraud, plain].map(({ name }) => ({ model: name, entity: "user", event: PAID })),
    states: {
      read(entities) {
        reads++;
        return memory.states.read(entities);
      },
    },
    receipts,
    champions: createChampionHolder(new Map([fraud, plain].map((scorer) => [scorer.name, scorer]))),
  });
  const scorerOf = async (model: string) => (model === "fraud" ? fraud : plain);
  return {
    service,
    receipts,
    reads: () => reads,
    at: (moment: number) => {
      now = moment;
    },
    paid: (id: string, user: string, properties: Record<string, Property>) =>
      memory.log.append([
        { id, name: PAID, entity: { kind: "user", id: user }, at: now, known: now, properties } as Event,
      ]),
    check: (others = reducers) => checkReceipts(1_000, { receipts, lake: memory.lake, reducers: others, scorerOf }),
  };
}

test("an event in flight is scored from the states of all that it touches, read at once", async () => {
  const { service, receipts, reads, paid } = house();
  await paid("1", "u1", { terminal_id: 7, amount: 10 });
  await paid("2", "u2", { terminal_id: "7", amount: 30, card: "c1" });
  const event = { name: PAID, properties: { terminal_id: 7, amount: 50, card: "c1" } };
  const answer = await service.score({ id: "u1", event });
  expect(reads()).toBe(1);
  const receipt = await receipts.load(answer.receipt ?? "");
  const rows = Object.fromEntries((receipt?.scores ?? []).map(({ model, row }) => [model, [...row]]));
  expect(rows).toEqual({ fraud: [1, 2, 20, 1, 50, 2.5], plain: [1] });
  expect(receipt?.others?.map(({ entity, reach }) => [entity.kind, entity.id, reach?.length])).toEqual([
    ["terminal", "7", expect.any(Number)],
    ["card", "c1", 1],
  ]);
});

test("what an event touches for the first time, or not at all, has nothing to say", async () => {
  const { service, receipts, paid, check } = house();
  await paid("1", "u1", { terminal_id: 7, amount: 10 });
  const rowOf = async (properties: Record<string, Property>) => {
    const { receipt = "" } = await service.score({ id: "u1", event: { name: PAID, properties }, models: ["fraud"] });
    const kept = await receipts.load(receipt);
    return [...(kept?.scores[0].row ?? [])];
  };
  expect(await rowOf({ amount: 5 })).toEqual([1, Number.NaN, Number.NaN, Number.NaN, 5, Number.NaN]);
  expect(await rowOf({ terminal_id: "new" })).toEqual([1, Number.NaN, Number.NaN, ...Array(3).fill(Number.NaN)]);
  expect(await check()).toMatchObject({ scores: 2, equal: 2, mismatched: [] });
});

const step = fc.record({
  user: fc.constantFrom("u1", "u2", "u3"),
  terminal_id: fc.option(fc.constantFrom<Property>("t1", 7, "7"), { nil: undefined }),
  card: fc.option(fc.constantFrom("c1", "c2"), { nil: undefined }),
  amount: fc.integer({ min: 0, max: 500 }),
  hours: fc.constantFrom(0, 0, 1, 30),
  scored: fc.boolean(),
});

test("every receipt is made again from the lake alone, whatever happened after it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { service, paid, at, check } = house();
      let now = NOON;
      let scores = 0;
      for (const [i, { user, terminal_id, card, amount, hours, scored }] of steps.entries()) {
        now += hours * HOUR;
        at(now);
        const properties = { amount, ...(terminal_id !== undefined && { terminal_id }), ...(card && { card }) };
        if (scored) {
          await service.score({ id: user, event: { name: PAID, properties } });
          scores += 2;
        }
        await paid(`p${i}`, user, properties);
      }
      expect(await check()).toMatchObject({ scores, equal: scores, mismatched: [], notYetInLake: 0 });
    }),
  );
});

test("a second entity that is read by another window is found, and named by its column", async () => {
  const { service, paid, at, check } = house();
  await paid("1", "u2", { terminal_id: 7, amount: 10 });
  at(NOON + 72 * HOUR);
  await service.score({ id: "u1", event: { name: PAID, properties: { terminal_id: 7, amount: 5 } } });
  const narrow = createReducers([count("payments_7d", 7)], kindsOf(2));
  const { equal, notComparable } = await check(narrow);
  expect([equal, notComparable.map(({ code }) => code)]).toEqual([1, ["MODEL_INPUT_MISMATCH"]]);
  // one that reads otherwise and does not say so
  const [terminal] = kinds;
  const broken = {
    ...reducers,
    of: (kind: string) => (kind === "terminal" ? lying(narrow.of(kind)) : reducers.of(kind)),
  };
  const { mismatched } = await check(broken);
  expect(mismatched).toEqual([
    expect.objectContaining({ column: `${terminal.name}.payments_7d`, kept: 1, recomputed: 0 }),
  ]);
});

const lying = (reducer: ReturnType<typeof reducers.of>) => ({ ...reducer, digest: reducers.of("terminal").digest });
