import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisKeptScores, keptScoresKey } from "../../../src/stores/redis/kept-scores.ts";
import { keptScoresKeepTheirPromises } from "../../contract/kept-scores.ts";
import { useRedis } from "../../support/redis.ts";

const house = useRedis();
let redis: Redis;
beforeAll(async () => {
  redis = connectFailFast(house.url);
  await whenReady(redis, 60_000);
});
beforeEach(() => house.flush());
afterAll(() => redis.disconnect());

describe("in Redis", () => keptScoresKeepTheirPromises(() => createRedisKeptScores({ redis, partitions: 3 })));

test("who is scored no more has no scores any more, after 90 days, and they take little room", async () => {
  const entity = { kind: "user", id: "person-1234" };
  const score = {
    probability: 0.123456789012345,
    percentile: 98.7,
    band: "high",
    version: "2026-03-01T12-00-00-123Z",
    at: 1,
  };
  await createRedisKeptScores({ redis, partitions: 1 }).write("purchase", [{ entity, score }]);
  const key = keptScoresKey(0, entity);
  expect(await redis.ttl(key)).toBeGreaterThan(89 * 86_400);
  expect(Number(await redis.call("MEMORY", "USAGE", key))).toBeLessThan(250);
});

test("without Redis they are refused by name", async () => {
  const away = connectFailFast("redis://127.0.0.1:1");
  const kept = createRedisKeptScores({ redis: away, partitions: 3 });
  const entity = { kind: "user", id: "ann" };
  const score = { probability: 0.5, band: "", version: "v1", at: 1 };
  await expect(kept.write("purchase", [{ entity, score }])).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(kept.read(entity)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  away.disconnect();
});
