import { expect, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../../src/stores/redis/event-log.ts";
import { anEvent, countingReducer } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { redisHouse } from "../../support/redis-house.ts";

const server = useRedis();
const reducer = countingReducer();

test("appends that wait together travel as one entry a partition", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  await Promise.all(Array.from({ length: 50 }, () => house.log.append([anEvent(), anEvent()])));
  expect(await house.redis.xlen("log:{p0}")).toBe(1);
  const worker = await house.work();
  await worker.idle();
  expect(worker.stats().applied).toBe(100);
});

test("more than may wait is refused at once, and taken again when the log has caught up", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const log = createRedisEventLog({ redis: house.redis, partitions: 1, maxPending: 10 });
  const first = log.append(Array.from({ length: 10 }, () => anEvent()));
  await expect(log.append([anEvent()])).rejects.toMatchObject({ code: "TOO_BUSY", retry: true });
  await first;
  expect(log.pending()).toBe(0);
  await log.append([anEvent()]);
});

test("a Redis without room says so, and takes nothing", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  await house.log.append([anEvent()]);
  await house.redis.config("SET", "maxmemory", "1");
  try {
    await expect(house.log.append([anEvent()])).rejects.toMatchObject({ code: "REDIS_FULL", retry: true });
  } finally {
    await house.redis.config("SET", "maxmemory", "0");
  }
  expect(await house.redis.xlen("log:{p0}")).toBe(1);
});

test("without Redis an append is refused at once, a read too", async () => {
  const redis = connectFailFast("redis://127.0.0.1:1");
  try {
    await whenReady(redis, 50);
    const log = createRedisEventLog({ redis, partitions: 1 });
    await expect(log.append([anEvent()])).rejects.toMatchObject({ code: "REDIS_AWAY", retry: true });
    expect(log.pending()).toBe(0);
  } finally {
    redis.disconnect();
  }
});

test("a log of another number of partitions is not written to", async () => {
  await using house = await redisHouse(server.url, reducer, 3);
  await house.log.append([anEvent()]);
  const other = createRedisEventLog({ redis: house.redis, partitions: 4 });
  await expect(other.append([anEvent()])).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
