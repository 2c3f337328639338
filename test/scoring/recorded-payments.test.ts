import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createRandom } from "../../models/random.ts";
import { createJoint } from "../../src/features/joint.ts";
import { createReducers } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createScoreInTime } from "../../src/scoring/score-in-time.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { CUSTOMER, TERMINAL } from "../../training/datasets/fraud-handbook.ts";
import { replayDataset } from "../../training/replay/replay-dataset.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { tinyScorer } from "../support/scoring.ts";

const PAYMENTS = 36;
const MINUTE = 60_000;
const redis = useRedis();

const recipe = Recipe.parse({
  name: "card-fraud",
  about: "reported within 7 days",
  positive: "is fraud",
  target: { kind: "event-becomes", event: "Transaction", outcome: "Fraud Reported", on: "transaction_id", days: 7 },
  fields: { amount: "number" },
});

test("the row that a payment was scored from is the row that training makes of it, to the last bit", async () => {
  const reducers = createReducers(CUSTOMER, [TERMINAL]);
  const house = await redisHouse(redis.url, reducers);
  const worker = await house.work({ flushMs: 1_000 });
  const { features, digest } = createJoint(reducers, "user", reducers.kinds);
  const columns: Column[] = [
    ...features.map(({ name }): Column => ({ name, type: "number" })),
    { name: "event.amount", type: "number" },
  ];
  const scorer = tinyScorer({ name: recipe.name, columns, weights: columns.map(() => 0.001), catalogue: digest });
  const receipts = createRedisReceipts({ redis: house.redis, keepMs: 3_600_000, patienceMs: 60_000 });
  let now = Date.UTC(2026, 2, 1);
  const champions = createChampionHolder(new Map([[scorer.name, scorer]]));
  const service = createScoreService({
    clock: () => now,
    newId: createReceiptIds(Date.now),
    reducers,
    questions: [{ model: scorer.name, entity: "user", event: "Transaction" }],
    states: house.states,
    receipts,
    champions,
  });
  const pay = createScoreInTime({
    service,
    champions: champions.current,
    recording: { log: house.log },
    clock: () => now,
    onFallback: (error) => {
      throw error;
    },
  });

  const random = createRandom(9);
  const scoredRows = new Map<string, number[]>();
  for (let i = 0; i < PAYMENTS; i++) {
    now += 37 * MINUTE;
    const properties = { transaction_id: `t${i}`, terminal_id: random.below(4), amount: 1 + random.below(900) / 8 };
    const event = { name: "Transaction", messageId: `p${i}`, properties };
    const answer = await pay({ id: `u${random.below(7)}`, event, record: true, deadlineMs: 5_000 }, 0);
    expect(answer.recorded).toEqual({ ok: true });
    scoredRows.set(`t${i}`, [...((await receipts.load(answer.receipt ?? ""))?.scores[0].row ?? [])]);
    await worker.idle();
  }
  // so long after that every label is known
  const end = { id: "end", name: "Visit", entity: { kind: "user", id: "zoe" }, properties: {} };
  await house.log.append([{ ...end, at: now + 9 * 86_400_000, known: now + 9 * 86_400_000 }]);
  await worker.close();

  const { data, thing } = await replayDataset({ recipe, lake: house.lake, reducers });
  expect(data.columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
  expect(data.rows).toBe(PAYMENTS);
  thing.forEach((one, i) => {
    expect(
      data.values.map((values) => values[i]),
      one,
    ).toEqual(scoredRows.get(one));
  });
  const some = [...scoredRows.values()].filter((row) => row.filter((value) => value > 0).length > 15);
  expect(some.length).toBeGreaterThan(PAYMENTS / 2); // most of them had something to say

  const report = await checkReceipts(PAYMENTS, {
    receipts,
    lake: house.lake,
    reducers,
    scorerOf: async () => scorer,
  });
  expect(report).toMatchObject({ scores: PAYMENTS, equal: PAYMENTS, mismatched: [], notYetInLake: 0 });
});
