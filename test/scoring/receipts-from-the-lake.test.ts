import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createRandom } from "../../models/random.ts";
import type { Event } from "../../src/events/event.ts";
import { createJoint } from "../../src/features/joint.ts";
import { createReducers } from "../../src/features/reducers.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { ratioName } from "../../src/scoring/encode-row.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { CUSTOMER, TERMINAL } from "../../training/datasets/fraud-handbook.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { tinyScorer } from "../support/scoring.ts";

/** `PORTRAIT_RECEIPTS=10000 npx vitest run test/scoring/receipts-from-the-lake.test.ts` for the long proof. */
const RECEIPTS = Number(process.env.PORTRAIT_RECEIPTS ?? 400);
const TOGETHER = 20;
const HALF = TOGETHER * Math.floor(RECEIPTS / TOGETHER / 2);
const redis = useRedis();
const MINUTE = 60_000;

/** Every feature that there is of customer and terminal, weighed by chance. */
function judge(reducers: ReturnType<typeof createReducers>) {
  const joint = createJoint(reducers, "user", reducers.kinds);
  const columns: Column[] = [
    ...joint.features.map(({ name }): Column => ({ name, type: "number" })),
    { name: "event.amount", type: "number" },
    { name: ratioName("amount", "terminal.amount_mean_30d"), type: "number" },
  ];
  const random = createRandom(3);
  const weights = columns.map(() => (random.next() - 0.5) / 100);
  return tinyScorer({ name: "card-fraud", columns, weights, catalogue: joint.digest });
}

test(
  `${RECEIPTS} receipts of payments in flight, among workers, late reports and redeliveries, are made again from the lake to the last bit`,
  async () => {
    const reducers = createReducers(CUSTOMER, [TERMINAL]);
    const house = await redisHouse(redis.url, reducers);
    const worker = await house.work({ flushMs: 200 });
    const scorer = judge(reducers);
    const receipts = createRedisReceipts({ redis: house.redis, keepMs: 3_600_000, patienceMs: 60_000 });
    let now = Date.UTC(2026, 2, 1);
    const service = createScoreService({
      clock: () => now,
      newId: createReceiptIds(Date.now),
      reducers,
      questions: [{ model: scorer.name, entity: "user", event: "Transaction" }],
      states: house.states,
      receipts,
      champions: createChampionHolder(new Map([[scorer.name, scorer]])),
    });
    const random = createRandom(5);
    const reports: Event[] = [];
    let before: Event[] = [];
    for (let done = 0; done < RECEIPTS; done += TOGETHER) {
      now += 40 * MINUTE;
      if (done === HALF) await worker.idle(); // on a slow machine, too, the second half has something to say
      const payments = Array.from({ length: TOGETHER }, (_, i): Event => {
        const properties = {
          transaction_id: `t${done + i}`,
          terminal_id: random.below(12),
          amount: Math.round(random.next() * 20_000) / 100,
        };
        const entity = { kind: "user", id: `u${random.below(30)}` };
        return { id: `p${done + i}`, name: "Transaction", entity, at: now, known: now, properties };
      });
      // scored while the worker applies what came before
      await Promise.all(
        payments.map(({ entity, name, properties }) =>
          service.score({ entity: entity.kind, id: entity.id, event: { name, properties } }),
        ),
      );
      for (const payment of payments)
        if (random.below(10) === 0)
          reports.push({ ...payment, id: `r${payment.id}`, name: "Fraud Reported", at: now, known: now });
      const due = reports.splice(0, reports.length > 20 ? 5 : 0).map((report) => ({ ...report, known: now }));
      await house.log.append([...payments, ...due, ...before.slice(0, 3)]);
      before = payments;
    }
    await worker.idle();
    const report = await checkReceipts(RECEIPTS, {
      receipts,
      lake: house.lake,
      reducers,
      scorerOf: async () => scorer,
    });
    expect(report).toMatchObject({
      receipts: RECEIPTS,
      scores: RECEIPTS,
      equal: RECEIPTS,
      notYetInLake: 0,
      mismatched: [],
      notComparable: [],
    });
    const rows = await Promise.all(
      (await receipts.latest(100)).map(async (id) => (await receipts.load(id))?.scores[0].row),
    );
    const known = rows.filter((row) => row && [...row].filter((value) => value > 0).length > 20);
    expect(known.length).toBeGreaterThan(50); // most of them had something to say
  },
  60_000 + 100 * RECEIPTS,
);
