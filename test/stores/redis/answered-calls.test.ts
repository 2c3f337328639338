import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { callName } from "../../../src/scoring/answered-calls.ts";
import { createRedisAnsweredCalls } from "../../../src/stores/redis/answered-calls.ts";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { answeredCallsKeepTheirPromises } from "../../contract/answered-calls.ts";
import { useRedis } from "../../support/redis.ts";

const house = useRedis();

let shared: Redis;
beforeAll(async () => {
  shared = connectFailFast(house.url);
  await whenReady(shared, 60_000);
});
afterAll(() => shared.disconnect());

answeredCallsKeepTheirPromises(() => createRedisAnsweredCalls(shared));

test("a call is remembered for a day, under a name that tells nobody's", async () => {
  await createRedisAnsweredCalls(shared).keep(callName({ kind: "user", id: "ann" }, "order-9"), "01A");
  const keys = await shared.keys("answered:*");
  expect(keys.join()).not.toMatch(/ann|order-9/);
  for (const key of keys) expect(await shared.ttl(key)).toBeGreaterThan(86_000);
});

test("without Redis it is said by name", async () => {
  const redis = connectFailFast("redis://127.0.0.1:1");
  onTestFinished(() => redis.disconnect());
  await expect(createRedisAnsweredCalls(redis).find("x")).rejects.toMatchObject({ code: "REDIS_AWAY" });
});
