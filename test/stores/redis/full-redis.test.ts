import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PortraitError } from "../../../src/errors.ts";
import type { Event } from "../../../src/events/event.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { anEvent, DAY } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { type RedisHouse, redisHouse } from "../../support/redis-house.ts";
import { payingReducers, payments } from "../../support/touches.ts";

const server = useRedis();
const reducers = payingReducers();

const limit = (house: RedisHouse, bytes: number) => house.redis.config("SET", "maxmemory", String(bytes));

/** Every event is in the lake once, and every state is what the lake makes of it. */
async function expectAll(house: RedisHouse, sent: readonly Event[]): Promise<void> {
  expect((await house.lake.summary()).events).toBe(new Set(sent.map(({ id }) => id)).size);
  const verified = await verifyStates({ ...house, reducers, knownIdsMs: 7 * DAY });
  expect(verified).toMatchObject({ equal: verified.entities, different: 0, extra: 0, missing: 0 });
}

test("a worker in a full Redis waits, and goes on when there is room: what was acknowledged is applied once", async () => {
  await using house = await redisHouse(server.url, reducers);
  const worker = await house.work({ flushMs: 50, leaseMs: 200 });
  const sent = payments(300, 1);
  await house.log.append(sent.slice(0, 100));
  await worker.idle();
  await house.log.append(sent.slice(100));
  await limit(house, 1);
  try {
    await expect.poll(() => worker.stats().state, { timeout: 60_000 }).toBe("away");
    await sleep(500); // longer than its leases
    await expect(house.log.append(payments(1, 2))).rejects.toMatchObject({ code: "REDIS_FULL" });
    expect(worker.stats().state).not.toBe("ended");
  } finally {
    await limit(house, 0);
  }
  await worker.idle();
  await worker.idle(); // what the last commits forwarded
  await expectAll(house, sent);
});

test("what is applied goes to the lake although Redis is full, which makes the room that the rest needs", async () => {
  await using house = await redisHouse(server.url, reducers);
  let open = () => {};
  let gate: Promise<void> | undefined;
  const worker = await house.work({
    leaseMs: 200,
    fault: async (point) => {
      if (point === "before-commit") await gate;
    },
  });
  const orders = (count: number) =>
    Array.from({ length: count }, (_, i) => anEvent({ user: `u${i % 9}`, properties: { note: "x".repeat(500) } }));
  const applied = orders(2_000);
  await house.log.append(applied);
  await expect.poll(() => worker.stats().unflushed, { timeout: 60_000 }).toBe(2_000); // a megabyte that waits for the lake
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const waiting = orders(200);
  await house.log.append(waiting);
  const used = Number(/used_memory:(\d+)/.exec(await house.redis.info("memory"))?.[1]);
  await limit(house, used - 200_000);
  try {
    await expect(house.log.append(orders(1))).rejects.toMatchObject({ code: "REDIS_FULL" });
    open();
    await expect.poll(() => worker.stats(), { timeout: 60_000 }).toMatchObject({ state: "running", applied: 2_200 });
    const more = orders(100);
    // and the door is open again, as soon as it has looked: who is told to send again does
    const sendAgain = () =>
      house.log.append(more).then(
        () => "taken",
        ({ code }: PortraitError) => code,
      );
    await expect.poll(sendAgain, { timeout: 60_000 }).toBe("taken");
    await worker.idle();
    await expectAll(house, [...applied, ...waiting, ...more]);
  } finally {
    open();
    await limit(house, 0);
  }
});
