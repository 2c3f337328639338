import { expect, test } from "vitest";
import type { Lake } from "../../src/events/event-log.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { receiptBroken } from "../../src/scoring/receipt-bytes.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createStandingCheck } from "../../src/scoring/standing-check.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyEvent, tinyReducer, tinyScorer } from "../support/scoring.ts";

function house() {
  let now = NOON;
  const reducer = tinyReducer();
  const reducers = oneReducer(reducer);
  const { log, states, lake } = createMemoryHouse({ reducer });
  const receipts = createMemoryReceipts();
  const scorer = tinyScorer({ catalogue: reducer.digest });
  const service = createScoreService({
    clock: () => now,
    newId: createReceiptIds(() => now),
    reducers,
    questions: [{ model: "purchase", entity: "user" }],
    states,
    receipts,
    champions: createChampionHolder(new Map([["purchase", scorer]])),
  });
  let behind = false;
  const slow: Pick<Lake, "readByEntity"> = { readByEntity: (query) => (behind ? nothing() : lake.readByEntity(query)) };
  return {
    service,
    receipts,
    check: (most?: number, patience?: number) =>
      createStandingCheck({ receipts, lake: slow, reducers, scorerOf: async () => scorer }, most, patience),
    score: async (id: string) => {
      now++;
      await log.append([tinyEvent({ id, at: now - 1 })]);
      await service.score({ id: "u1" });
    },
    fallBehind: (yes: boolean) => {
      behind = yes;
    },
  };
}

async function* nothing() {}

test("each round takes what was scored since the one before", async () => {
  const { check, score } = house();
  const standing = check();
  await score("a");
  await score("b");
  expect(await standing.round()).toMatchObject({ receipts: 2, equal: 2, mismatched: [] });
  expect(await standing.round()).toMatchObject({ receipts: 0, scores: 0 });
  await score("c");
  expect(await standing.round()).toMatchObject({ receipts: 1, equal: 1 });
});

test("what the lake does not reach yet is asked for again, so often", async () => {
  const { check, score, fallBehind } = house();
  const [patient, impatient] = [check(), check(10, 1)];
  await score("a");
  fallBehind(true);
  for (const standing of [patient, impatient])
    expect(await standing.round()).toMatchObject({ receipts: 1, equal: 0, notYetInLake: 1 });
  fallBehind(false);
  expect(await patient.round()).toMatchObject({ receipts: 1, equal: 1, notYetInLake: 0 });
  expect(await impatient.round()).toMatchObject({ receipts: 0 });
});

test("of more than it may take, it takes the newest", async () => {
  const { check, score } = house();
  const standing = check(2);
  for (const id of ["a", "b", "c"]) await score(id);
  expect(await standing.round()).toMatchObject({ receipts: 2, equal: 2 });
  expect(await standing.round()).toMatchObject({ receipts: 0 });
});

test("a receipt that can no longer be read is a finding, and the others are made again", async () => {
  const { check, score, receipts } = house();
  await score("a");
  await score("b");
  const [newest] = await receipts.latest(1);
  const load = receipts.load;
  receipts.load = (id) => (id === newest ? Promise.reject(receiptBroken("a bit fell")) : load(id));
  expect(await check().round()).toMatchObject({
    ...{ receipts: 2, scores: 2, equal: 1 },
    mismatched: [{ receipt: newest, model: "all", what: "receipt" }],
  });
});
