import { expect, onTestFinished, test } from "vitest";
import { createRedisAnsweredCalls } from "../../src/stores/redis/answered-calls.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { redisHouse } from "../support/redis-house.ts";
import { only } from "../support/reducers.ts";
import { tinyReducer } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";
import { tempDir } from "../support/temp-dir.ts";

test("while Redis stands still payments are answered in time, by the fallback; then each is recorded once", async () => {
  const server = await startPrivateRedis({ dir: tempDir(), fsync: "no" });
  onTestFinished(() => server.close());
  const reducers = only(tinyReducer());
  const { log: eventLog, states, lake, redis, work } = await redisHouse(server.url, reducers);
  const worker = await work({ flushMs: 50 });
  const others = connectFailFast(server.url);
  onTestFinished(() => others.disconnect());
  await whenReady(others, 60_000);
  await using house = await serve({
    ...{ reducers, eventLog, states },
    receipts: createRedisReceipts({ redis, keepMs: 3_600_000 }),
    answered: createRedisAnsweredCalls(others),
  });
  const pay = (number: number) =>
    house.post("/v1/score", {
      ...{ id: `u${number}`, models: ["fraud"], record: true, deadlineMs: 150, fallback: { probability: 0.02 } },
      event: { name: "Order Completed", properties: { revenue: 100 }, messageId: `m${number}` },
    });
  const paid = async (numbers: readonly number[]) => (await Promise.all(numbers.map(pay))).map(({ body }) => body);
  const TEN = Array.from({ length: 10 }, (_, i) => i);

  await expect.poll(async () => (await pay(99)).body.recorded, { timeout: 60_000 }).toEqual({ ok: true }); // warm

  process.kill(server.pid, "SIGSTOP");
  const frozen = await paid(TEN); // all of them before it goes on
  process.kill(server.pid, "SIGCONT");
  for (const { fallback, why, receipt, recorded, scores } of frozen) {
    expect([fallback, why, receipt, recorded]).toEqual([true, "TOO_LATE", undefined, { ok: false, code: "TOO_LATE" }]);
    expect(scores.fraud.version).toBe("fallback");
  }

  // sent again, as `recorded.ok: false` asks for
  await expect
    .poll(async () => (await paid(TEN)).every(({ recorded, fallback }) => recorded.ok && !fallback), {
      timeout: 60_000,
    })
    .toBe(true);
  await worker.idle();
  await expect.poll(async () => (await lake.summary()).events, { timeout: 60_000 }).toBe(11);
});
