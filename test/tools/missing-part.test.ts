import { expect, test } from "vitest";
import type { Guard } from "../../src/stores/redis/ingest-guards.ts";
import { loseAPart } from "../../tools/soak/missing-part.ts";
import { DAY } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { payingReducers, payments } from "../support/touches.ts";

const server = useRedis();

async function lose(without?: Guard): Promise<void> {
  await using house = await redisHouse(server.url, payingReducers());
  const { lakeDir, partitions, log } = house;
  const options = { redisUrl: server.url, lakeDir, partitions, reducers: payingReducers(), knownIdsMs: 7 * DAY };
  let sent = 0;
  const send = (count: number) => log.append(payments(count, ++sent));
  await loseAPart({ ...options, without, flushMs: 60_000, flushRows: 10_000 }, send);
  expect(sent).toBe(3);
  expect((await house.lake.summary()).events).toBeGreaterThan(400); // of 600, as some come twice: it is whole again
}

test("a worker refuses a lake whose next to last part is missing", async () => {
  await lose();
});

test("when no part names the one before it, nobody misses one", async () => {
  await expect(lose("predecessor")).rejects.toThrow("took a lake without one of its parts for whole");
});
