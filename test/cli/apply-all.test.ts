import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { applyAll } from "../../src/cli/apply-all.ts";
import { leaseKey } from "../../src/stores/redis/keys.ts";
import { anEvent, countingReducer } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";

const server = useRedis();

test("a command waits for the partitions that a killed worker still holds", async () => {
  await using house = await redisHouse(server.url, countingReducer());
  await house.log.append(Array.from({ length: 30 }, (_, i) => anEvent({ id: `m${i}`, user: `u${i}` })));
  await house.redis.set(leaseKey(1), "of a worker that was killed", "PX", 3_600_000);

  const worker = await house.work();
  await worker.idle();
  const { partitions, applied } = worker.stats();
  expect(partitions).toBe(2);
  expect(applied).toBeLessThan(30); // at rest, with what is its own

  const all = applyAll(worker, house.redis, house.partitions);
  expect(await Promise.race([all.then(() => "over"), sleep(100).then(() => "waits")])).toBe("waits");
  await house.redis.del(leaseKey(1));
  await all;
  expect(worker.stats()).toMatchObject({ partitions: 3, applied: 30, laked: 30, unflushed: 0 });
});
