import { expect, test } from "vitest";
import { PortraitError } from "../../../src/errors.ts";
import type { EntityRef } from "../../../src/events/event.ts";
import { reaches } from "../../../src/events/reach.ts";
import { eraseRows } from "../../../src/stores/lake/erase-rows.ts";
import { listTombstones, removeTombstone } from "../../../src/stores/lake/tombstones.ts";
import { appendErasure } from "../../../src/stores/redis/append-erasure.ts";
import { ERASURE_POINTS, type FaultPoint } from "../../../src/stores/redis/ingest-guards.ts";
import { replayStates } from "../../../src/stores/redis/replay-states.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { allOf, anEvent, DAY, NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { type RedisHouse, redisHouse } from "../../support/redis-house.ts";
import { payingReducers, payments } from "../../support/touches.ts";

const server = useRedis();
const reducers = payingReducers();
const user = (id: string): EntityRef => ({ kind: "user", id });

const options = (house: RedisHouse) => ({
  redis: house.redis,
  lake: house.lake,
  reducers,
  partitions: house.partitions,
  knownIdsMs: 7 * DAY,
});
const erase = (house: RedisHouse, entity: EntityRef, id = "e1") =>
  appendErasure(house.redis, house.partitions, { id, entity });

const paymentsOf = async (house: RedisHouse, entity: EntityRef) => {
  const [state] = await house.states.read([entity]);
  const reducer = reducers.of(entity.kind);
  return state && reducer.read(reducer.decode(state.bytes), NOON).numbers[0];
};

/** What the lake itself holds, tombstones or not. */
async function rewriteLake(house: RedisHouse) {
  const [tombstone] = listTombstones(house.lakeDir);
  const done = await eraseRows({ dir: house.lakeDir, memoryMb: 200, tombstone, reducers });
  removeTombstone(house.lakeDir, tombstone.erasure);
  return done;
}

const pay = (who: string, terminal: number, card: string) =>
  anEvent({ user: who, name: "Payment", properties: { amount: 2, terminal, card, note: `of ${who}` } });

test("an erasure takes its turn in the log: what came before is gone at once, what comes after begins anew", async () => {
  await using house = await redisHouse(server.url, reducers, 3);
  const worker = await house.work();
  await house.log.append([pay("a", 1, "c1"), pay("a", 1, "c1"), pay("b", 1, "c1")]);
  await erase(house, user("a"));
  const after = pay("a", 2, "c9");
  await house.log.append([after]);
  await worker.idle();
  await worker.idle();
  expect(await paymentsOf(house, user("a"))).toBe(1);
  expect(await paymentsOf(house, { kind: "terminal", id: "1" })).toBe(3);
  const [tombstone] = listTombstones(house.lakeDir);
  expect(tombstone).toMatchObject({ erasure: "e1", entity: user("a") });

  const own = async () => (await allOf(house.lake, { entities: [user("a")], kind: "user" })).map(({ id }) => id);
  expect(await own()).toEqual([after.id]);
  expect(await rewriteLake(house)).toEqual({ parts: 1, removed: 0, kept: 2, redacted: 0 });
  expect(listTombstones(house.lakeDir)).toEqual([]);
  expect(await own()).toEqual([after.id]);
  // the terminal keeps its three payments, of which two happened to nobody
  const atTerminal = await allOf(house.lake, {
    kind: "terminal",
    through: "terminal",
    entities: [{ kind: "terminal", id: "1" }],
  });
  const faces = atTerminal.map(({ properties }) => JSON.stringify(properties)).sort();
  const nobodys = '{"amount":2,"terminal":1,"card":"c1"}';
  expect(faces).toEqual(['{"amount":2,"terminal":1,"card":"c1","note":"of b"}', nobodys, nobodys]);
  expect(await verifyStates(options(house))).toMatchObject({
    entities: 6,
    equal: 6,
    missing: 0,
    extra: 0,
    different: 0,
  });
  await worker.close();
  await replayStates(options(house));
  expect(await paymentsOf(house, user("a"))).toBe(1);
  expect(await paymentsOf(house, { kind: "terminal", id: "1" })).toBe(3);
});

test("an erasure without events to write reaches the lake all the same, and leaves nothing in the stream", async () => {
  await using house = await redisHouse(server.url, reducers, 3);
  const worker = await house.work();
  const entries = await erase(house, user("a"));
  await expect
    .poll(async () => [...(await house.lake.end())].sort().map(([, { ms, seq }]) => ({ ms, seq })), { timeout: 60_000 })
    .toEqual(entries);
  const waiting = () => Promise.all([0, 1, 2].map((p) => house.redis.xlen(`log:{p${p}}`)));
  await expect.poll(waiting, { timeout: 60_000 }).toEqual([0, 0, 0]); // trimmed a moment after
  await worker.close();
});

test("a second entity is erased with all that others did with it, and a payment loses its name", async () => {
  await using house = await redisHouse(server.url, reducers, 4);
  const worker = await house.work();
  const c1 = { kind: "card", id: "c1" };
  await house.log.append([pay("a", 1, "c1"), pay("b", 1, "c1"), pay("b", 2, "c2")]);
  await worker.idle();
  await worker.idle();
  expect(await paymentsOf(house, c1)).toBe(2);
  await erase(house, c1);
  await worker.idle();
  expect(await paymentsOf(house, c1)).toBeUndefined();
  expect(await rewriteLake(house)).toMatchObject({ removed: 0, kept: 0, redacted: 2 });
  const rows = await allOf(house.lake, { kind: "user" });
  expect(rows.map(({ entity, properties }) => [entity.id, properties.card, properties.note])).toEqual([
    ["a", undefined, "of a"],
    ["b", undefined, "of b"],
    ["b", "c2", "of b"],
  ]);
  expect(await verifyStates(options(house))).toMatchObject({ entities: 5, equal: 5 });
});

test("a worker that dies at every narrow place erases once and for all, and nobody else loses anything", async () => {
  await using house = await redisHouse(server.url, reducers, 3);
  const ahead = new Set<FaultPoint>(ERASURE_POINTS);
  const worker = await house.work({
    flushMs: 10,
    fault(at) {
      if (ahead.delete(at)) throw new PortraitError("REDIS_AWAY", `died ${at}`);
    },
  });
  const events = payments(300, 3);
  await house.log.append(events.slice(0, 150));
  await erase(house, user("u1"));
  await house.log.append(events.slice(150));
  await worker.idle();
  await worker.idle();
  expect([...ahead]).toEqual([]);
  const once = new Map(events.slice(150).map((event) => [event.id, event]));
  const before = new Set(events.slice(0, 150).map(({ id }) => id));
  const [tombstone] = listTombstones(house.lakeDir);
  const left = (await allOf(house.lake, { entities: [user("u1")] })).map(({ id }) => id);
  // of those who knew them all a redelivery counts once; he who was erased has forgotten
  const wanted = [...once.values()].filter(
    ({ entity, id }) => entity.id === "u1" && entity.kind === "user" && (!before.has(id) || left.includes(id)),
  );
  expect(left.sort()).toEqual(wanted.map(({ id }) => id).sort());
  expect(
    (await allOf(house.lake)).some(
      (event) => event.entity.id === "u1" && reaches(tombstone.until, event.partition, event.position),
    ),
  ).toBe(false);
  await rewriteLake(house);
  const found = await verifyStates(options(house));
  expect(found).toMatchObject({ different: 0, missing: 0, extra: 0, ahead: 0, behind: 0 });
  expect(found.equal).toBe(found.entities);
});

test("when Redis is lost between the erasure and the lake, the worker fills it again without the person", async () => {
  await using house = await redisHouse(server.url, reducers, 3);
  const worker = await house.work();
  await house.log.append([pay("a", 1, "c1"), pay("b", 1, "c1")]);
  await erase(house, user("a"));
  await worker.idle();
  await worker.idle();
  await worker.close();
  expect(listTombstones(house.lakeDir)).toHaveLength(1);
  await house.redis.flushall();
  await (await house.work()).idle();
  expect(await paymentsOf(house, user("a"))).toBeUndefined();
  expect(await paymentsOf(house, user("b"))).toBe(1);
});
