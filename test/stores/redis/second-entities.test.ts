import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import { PortraitError } from "../../../src/errors.ts";
import { type Event, entityKey } from "../../../src/events/event.ts";
import { secondEntities } from "../../../src/features/entity-kinds.ts";
import { FAULT_POINTS } from "../../../src/stores/redis/ingest-guards.ts";
import type { IngestWorker } from "../../../src/stores/redis/ingest-worker.ts";
import { replayStates } from "../../../src/stores/redis/replay-states.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { whenApplied } from "../../../src/stores/redis/when-applied.ts";
import { allOf, anEvent, DAY, NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { type RedisHouse, redisHouse } from "../../support/redis-house.ts";
import { payingReducers, payments } from "../../support/touches.ts";

const server = useRedis();
const reducers = payingReducers();

const options = (house: RedisHouse) => ({
  redis: house.redis,
  lake: house.lake,
  reducers,
  partitions: house.partitions,
  knownIdsMs: 7 * DAY,
});

const touched = (event: Event) => [event.entity, ...secondEntities(reducers.kinds, event)];

/** Every id once in the lake, and every state, of first and second entities, byte for byte what the lake says. */
async function expectExactlyOnce(house: RedisHouse, sent: readonly Event[]): Promise<void> {
  const once = [...new Map(sent.map((event) => [event.id, event])).values()];
  expect((await allOf(house.lake)).map(({ id }) => id).sort()).toEqual(once.map(({ id }) => id).sort());
  const entities = new Set(once.flatMap(touched).map(entityKey)).size;
  expect(await verifyStates(options(house))).toEqual({
    entities,
    equal: entities,
    different: 0,
    missing: 0,
    extra: 0,
    ahead: 0,
    behind: 0,
  });
}

const paymentsOf = async (house: RedisHouse, kind: string, id: string) => {
  const [state] = await house.states.read([{ kind, id }]);
  const reducer = reducers.of(kind);
  return state && reducer.read(reducer.decode(state.bytes), NOON).numbers[0];
};

async function send(house: RedisHouse, events: readonly Event[], pauseMs = 0): Promise<void> {
  for (let i = 0; i < events.length; i += 25) {
    await house.log.append(events.slice(i, i + 25));
    if (pauseMs) await sleep(pauseMs);
  }
}

test("a payment is counted for its user, its terminal and its card, wherever they live, and a redelivery for none", async () => {
  await using house = await redisHouse(server.url, reducers, 4);
  const worker = await house.work();
  const pay = (user: string, terminal: string, card: string) =>
    anEvent({ user, name: "Payment", properties: { amount: 1, terminal, card } });
  const events = [pay("a", "t1", "c1"), pay("b", "t1", "c1"), pay("c", "t1", "c2"), pay("c", "t2", "c2")];
  await house.log.append(events);
  await worker.idle();
  await house.log.append(events);
  await worker.idle();
  expect(worker.stats()).toMatchObject({ applied: 4, duplicates: 4 });
  expect(await paymentsOf(house, "terminal", "t1")).toBe(3);
  expect(await paymentsOf(house, "terminal", "t2")).toBe(1);
  expect(await paymentsOf(house, "card", "c1")).toBe(2);
  expect(await paymentsOf(house, "user", "c")).toBe(2);
  const [state] = await house.states.read([{ kind: "terminal", id: "t1" }]);
  const origins = new Set((await allOf(house.lake)).map(({ partition }) => partition));
  expect(state?.reach.every(({ partition }) => origins.has(partition))).toBe(true);
  await expectExactlyOnce(house, events);
});

test.each(FAULT_POINTS)("second entities count once when the worker dies at %s", async (point) => {
  await using house = await redisHouse(server.url, reducers, 4);
  let rival: IngestWorker | undefined;
  let died = 0;
  const fault = (at: string) => {
    if (at !== point || died >= 3) return;
    died++;
    throw new PortraitError("REDIS_AWAY", `died ${at}`);
  };
  const worker = await house.work({ flushMs: 10, leaseMs: 1_000, fault });
  // a rival that came before the worker had its partitions would leave it nothing to hand over
  await expect.poll(() => worker.stats().partitions, { timeout: 60_000 }).toBe(house.partitions);
  const events = payments(500, 1);
  const sending = send(house, events, 3);
  if (point === "before-hand-over") rival = await house.work({ flushMs: 10, leaseMs: 1_000 });
  await sending;
  await expect.poll(() => died, { timeout: 60_000 }).toBeGreaterThan(0); // a worker looks for others eight times a lease
  await whenApplied(house.redis, house.partitions, 0);
  await rival?.idle();
  await worker.idle();
  await expectExactlyOnce(house, events);
});

test("two workers that fight for every partition, and die at random, count second entities once", async () => {
  await using house = await redisHouse(server.url, reducers, 3);
  const random = createRandom(3);
  let calm = false;
  const wild = {
    leaseMs: 0,
    flushMs: 10,
    fault: async (at: string) => {
      await sleep(2);
      if (!calm && random.next() < 0.05) throw new PortraitError("REDIS_AWAY", `died ${at}`);
    },
  };
  const [one, two] = [await house.work(wild), await house.work(wild)];
  const events = payments(1_000, 2);
  await send(house, events, 5);
  calm = true;
  await two.close();
  await one.idle();
  await one.idle(); // what the last commits forwarded
  expect(one.stats().restarts + two.stats().restarts).toBeGreaterThan(0);
  await expectExactlyOnce(house, events);
});

test("a replay while forwards wait in the log drops them, and the worker sends what the lake does not hold again", async () => {
  await using house = await redisHouse(server.url, reducers, 4);
  const events = payments(400, 4);
  let laked = 0;
  // some partitions have parts, others none; forwards are in the log, applied and not
  const worker = await house.work({
    flushMs: 1,
    fault: (at) => {
      if (at === "before-claim" && ++laked > 2) throw new PortraitError("REDIS_AWAY", "no more parts");
    },
  });
  await send(house, events, 2);
  await expect.poll(() => worker.stats().restarts, { timeout: 60_000 }).toBeGreaterThan(0);
  await worker.close();
  await replayStates(options(house));
  const again = await house.work();
  await again.idle();
  await expectExactlyOnce(house, events);
  expect((await house.redis.keys("s:*")).every((key) => key.includes("}:2:"))).toBe(true);
});

test("when Redis is lost whole, a replay brings second entities and their marks back, byte for byte", async () => {
  await using house = await redisHouse(server.url, reducers, 4);
  const events = payments(400, 5);
  const worker = await house.work();
  await send(house, events);
  await worker.idle();
  await worker.close();
  const marks = await house.redis.hgetall("marks:{p1}");
  await house.redis.flushall();
  await replayStates(options(house));
  const rebuilt = await house.redis.hgetall("marks:{p1}");
  expect(Object.keys(rebuilt).sort()).toEqual(expect.arrayContaining(Object.keys(marks).sort()));
  await expectExactlyOnce(house, events);
  const next = await house.work();
  await send(house, [...events, ...payments(50, 6)]);
  await next.idle();
  await expectExactlyOnce(house, [...events, ...payments(50, 6)]);
});
