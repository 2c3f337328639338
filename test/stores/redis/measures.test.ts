import { expect, test } from "vitest";
import { connectFailFast } from "../../../src/stores/redis/connect.ts";
import { cursorKey, logKey } from "../../../src/stores/redis/keys.ts";
import { countCheck, createRedisMeasures } from "../../../src/stores/redis/measures.ts";
import { createRetrainQueue } from "../../../src/stores/redis/retrain-queue.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { tinyReducer } from "../../support/scoring.ts";
import { serve } from "../../support/serve.ts";

const server = useRedis();

test("how far the states are behind, how many jobs wait, and what checks have found", async () => {
  const { redis, partitions } = await redisHouse(server.url, tinyReducer());
  const measures = createRedisMeasures(redis, partitions);
  expect(await measures()).toEqual({
    behindMs: 0,
    jobs: { waiting: 0, active: 0, delayed: 0, failed: 0 },
    check: { scores: 0, mismatched: 0 },
  });

  const now = Number((await redis.time())[0]) * 1_000;
  const first = await redis.xadd(logKey(1), `${now - 7_200_000}-0`, "b", "x");
  const second = await redis.xadd(logKey(1), `${now - 3_600_000}-0`, "b", "x");
  expect((await measures()).behindMs).toBeGreaterThanOrEqual(7_200_000);
  await redis.set(cursorKey(1), String(first));
  const { behindMs } = await measures(); // the second alone
  expect(behindMs).toBeGreaterThanOrEqual(3_600_000);
  expect(behindMs).toBeLessThan(3_660_000);
  await redis.set(cursorKey(1), String(second));
  expect((await measures()).behindMs).toBe(0);

  const queue = createRetrainQueue({ redis });
  await queue.ask({ model: "purchase", reason: "manual", seed: 7 });
  await queue.ask({ model: "fraud", reason: "manual", seed: 7 });
  expect((await measures()).jobs.waiting).toBe(2);
  await queue.close();

  await countCheck(redis, { scores: 10, mismatched: 1 });
  await countCheck(redis, { scores: 5, mismatched: 0 });
  expect((await measures()).check).toEqual({ scores: 15, mismatched: 1 });
});

test("/metrics tells them, and leaves out what it does not know while Redis is away", async () => {
  const { redis, partitions } = await redisHouse(server.url, tinyReducer());
  await countCheck(redis, { scores: 10, mismatched: 1 });
  let ready = true;
  await using house = await serve({ measures: createRedisMeasures(redis, partitions), redisReady: () => ready });
  await house.post("/v1/score", { models: ["bank"], features: { age: 40 } });
  const known = (await house.get("/metrics")).text;
  expect(known).toMatch(/^portrait_states_behind_seconds 0$/m);
  expect(known).toMatch(/^portrait_jobs\{state="waiting"\} 0$/m);
  expect(known).toMatch(/^portrait_checked_scores 10$/m);
  expect(known).toMatch(/^portrait_mismatched_scores 1$/m);
  expect(known).toMatch(/^portrait_score_seconds_count\{model="bank",version="v1"\} 1$/m);
  expect(known).toMatch(/^portrait_champion_age_seconds\{model="bank"\} \d/m);
  ready = false;
  const unknown = (await house.get("/metrics")).text;
  expect(unknown).not.toMatch(/^portrait_(states_behind_seconds|checked_scores|mismatched_scores|jobs\{)/m);
  expect(unknown).toMatch(/^portrait_redis_ready 0$/m);
});

test("a Redis that is away is named", async () => {
  const away = connectFailFast("unix:///nowhere/redis.sock");
  await expect(createRedisMeasures(away, 2)()).rejects.toMatchObject({ code: "REDIS_AWAY" });
  away.disconnect();
});
