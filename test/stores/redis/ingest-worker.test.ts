import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import { PortraitError } from "../../../src/errors.ts";
import type { Event } from "../../../src/events/event.ts";
import { partitionOf } from "../../../src/events/partition-of.ts";
import { oneReducer } from "../../../src/features/reducers.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import type { FaultPoint } from "../../../src/stores/redis/ingest-guards.ts";
import type { IngestWorker } from "../../../src/stores/redis/ingest-worker.ts";
import { catalogueKey, idsKey, stateKey } from "../../../src/stores/redis/keys.ts";
import { replaySince } from "../../../src/stores/redis/replay-since.ts";
import { replayStates } from "../../../src/stores/redis/replay-states.ts";
import { createRedisStateStore } from "../../../src/stores/redis/state-store.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { whenApplied } from "../../../src/stores/redis/when-applied.ts";
import { allOf, anEvent, countingReducer, DAY, NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { type RedisHouse, redisHouse } from "../../support/redis-house.ts";
import { tempDir } from "../../support/temp-dir.ts";

const server = useRedis();
const reducer = countingReducer();
const POINTS: FaultPoint[] = ["before-commit", "after-commit", "before-claim", "after-claim", "before-trim"];

/**
 * `count` events of 40 people within 20 days; some ids come twice in the list, near each other or far apart. Heavy ones
 * are read ahead of those that are being applied.
 */
function traffic(count: number, seed: number, weight: "light" | "heavy" = "light"): Event[] {
  const note = "x".repeat(weight === "heavy" ? 1_500 : 0);
  const random = createRandom(seed);
  const events: Event[] = [];
  for (let i = 0; i < count; i++) {
    const again = events.length > 0 && random.next() < 0.15;
    const at = NOON - Math.floor(random.next() * 20) * DAY;
    events.push(
      again
        ? events[Math.floor(random.next() * events.length)]
        : anEvent({
            id: `t${seed}-${i}`,
            user: `u${Math.floor(random.next() * 40)}`,
            at,
            properties: { value: Math.floor(random.next() * 1_000) / 100, ...(note && { note }) },
          }),
    );
  }
  return events;
}

const options = (house: RedisHouse) => ({
  redis: house.redis,
  lake: house.lake,
  reducers: oneReducer(reducer),
  partitions: house.partitions,
  knownIdsMs: 7 * DAY,
});

/** A way to Redis that is cut, as by a server that is killed, whenever `word` is asked for, until it is left open. */
async function doorTo(url: string, word: string) {
  const path = join(tempDir(), "door.sock");
  let cutting = true;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const door = createServer((client) => {
    const redis = connect(new URL(url).pathname);
    redis.on("data", (bytes) => client.write(bytes));
    client.on("data", (bytes) => {
      if (!cutting || !bytes.includes(word)) return void redis.write(bytes);
      cuts++;
      client.destroy();
    });
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((listening) => door.listen(path, listening));
  onTestFinished(() => {
    door.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `unix://${path}`,
    cuts: () => cuts,
    leaveOpen() {
      cutting = false;
    },
  };
}

/** Every id once in the lake, every state byte for byte what the lake says, and every event counted. */
async function expectExactlyOnce(house: RedisHouse, sent: readonly Event[]): Promise<void> {
  const ids = [...new Set(sent.map(({ id }) => id))].sort();
  expect((await allOf(house.lake)).map(({ id }) => id).sort()).toEqual(ids);
  const entities = new Set(sent.map(({ entity }) => entity.id)).size;
  expect(await verifyStates(options(house))).toEqual({
    entities,
    equal: entities,
    different: 0,
    missing: 0,
    extra: 0,
    ahead: 0,
    behind: 0,
  });
  const states = await house.states.read(
    [...new Set(sent.map(({ entity }) => entity.id))].map((id) => ({ kind: "user", id })),
  );
  const counted = states.reduce(
    (sum, state) => sum + (state ? reducer.read(reducer.decode(state.bytes), NOON).numbers[0] : 0),
    0,
  );
  expect(counted).toBe(ids.length);
}

async function send(house: RedisHouse, events: readonly Event[], pauseMs = 0): Promise<void> {
  for (let i = 0; i < events.length; i += 25) {
    await house.log.append(events.slice(i, i + 25));
    if (pauseMs) await sleep(pauseMs);
  }
}

test.each(POINTS)("a worker that dies at %s and starts again loses and doubles nothing", async (point) => {
  await using house = await redisHouse(server.url, reducer);
  let worker: IngestWorker | undefined;
  worker = await house.work({
    flushMs: 10,
    fault(at) {
      if (at !== point || (worker?.stats().restarts ?? 0) >= 3) return;
      throw new PortraitError("REDIS_AWAY", `died ${at}`);
    },
  });
  const events = traffic(600, 1);
  await send(house, events, 3);
  await worker.idle();
  expect(worker.stats().restarts).toBeGreaterThan(0);
  await expectExactlyOnce(house, events);
});

test("workers that die anywhere at random lose and double nothing", async () => {
  await using house = await redisHouse(server.url, reducer);
  const random = createRandom(7);
  let calm = false;
  const worker = await house.work({
    flushMs: 15,
    fault: (at) => {
      if (!calm && random.next() < 0.12) throw new PortraitError("REDIS_AWAY", `died ${at}`);
    },
  });
  const events = [...traffic(750, 2), ...traffic(750, 12, "heavy")];
  await send(house, events, 8);
  // how often it may die depends on how often it looks: on a busy machine it finds much at once
  for (let seed = 3; worker.stats().restarts <= 2; seed++) {
    const more = traffic(300, seed, "heavy");
    events.push(...more);
    await send(house, more, 8);
  }
  calm = true;
  await worker.idle();
  await expectExactlyOnce(house, events);
});

test("two workers without a lease fight, and the fence keeps every event to once", async () => {
  await using house = await redisHouse(server.url, reducer);
  const slow = { leaseMs: 0, flushMs: 10, fault: () => sleep(2) };
  const [one, two] = [await house.work(slow), await house.work(slow)];
  // one that is slow to begin has nobody to fight with
  await expect.poll(() => [one, two].map((it) => it.stats().partitions), { timeout: 60_000 }).toEqual([3, 3]);
  const events = [...traffic(500, 3), ...traffic(500, 13, "heavy")];
  await send(house, events, 5);
  for (let seed = 4; one.stats().restarts + two.stats().restarts === 0; seed++) {
    const more = traffic(200, seed);
    events.push(...more);
    await send(house, more, 5);
  }
  await two.close();
  await one.idle();
  await expectExactlyOnce(house, events);
});

test("a worker process that is killed in the middle of its work loses and doubles nothing", async () => {
  await using house = await redisHouse(server.url, reducer);
  const start = async (): Promise<ChildProcess> => {
    const script = resolve("test/support/worker-process.ts");
    const child = spawn(
      process.execPath,
      ["--import", "tsx", script, server.url, house.lakeDir, String(house.partitions)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((ready) => child.stdout?.once("data", ready));
    return child;
  };
  const events = traffic(3_000, 4);
  const sending = send(house, events, 25);
  for (let kills = 0; kills < 3; kills++) {
    const child = await start();
    await sleep(250 + 130 * kills);
    child.kill("SIGKILL");
  }
  await sending;
  const worker = await house.work({ leaseMs: 300 });
  // on a slow machine the last one was killed only now, and its leases have not ended
  await expect.poll(() => worker.stats().partitions, { timeout: 60_000 }).toBe(house.partitions);
  await worker.idle();
  await expectExactlyOnce(house, events);
});

test("connections cut by the server are an unknown outcome, and nothing comes of it", async () => {
  await using house = await redisHouse(server.url, reducer);
  const worker = await house.work({ flushMs: 20 });
  const events = traffic(800, 5);
  const sending = (async () => {
    for (let i = 0; i < events.length; i += 25) {
      for (;;) {
        try {
          await house.log.append(events.slice(i, i + 25));
          break;
        } catch (error) {
          expect(error).toMatchObject({ code: "REDIS_AWAY", retry: true }); // the log's own connection was cut too
          await sleep(20);
        }
      }
      await sleep(8);
    }
  })();
  const admin = house.redis.duplicate({ enableOfflineQueue: true });
  for (let cuts = 0; cuts < 4; cuts++) {
    await sleep(50);
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  }
  admin.disconnect();
  await sending;
  await worker.idle();
  expect(worker.stats().restarts).toBeGreaterThan(0);
  await expectExactlyOnce(house, events);
});

test("idle means that all which was appended before is applied and in the lake, also where much is read ahead", async () => {
  await using house = await redisHouse(server.url, reducer);
  const worker = await house.work({ flushMs: 5, fault: () => sleep(2) });
  let sent = 0;
  for (let seed = 1; seed <= 6; seed++) {
    await send(house, traffic(40 * seed, 30 + seed, "heavy"));
    await sleep(10 * seed);
    await house.log.append([anEvent()]);
    sent += 40 * seed + 1;
    await worker.idle();
    const { applied, duplicates, laked, unflushed } = worker.stats();
    expect({ seen: applied + duplicates, laked, unflushed }).toEqual({ seen: sent, laked: applied, unflushed: 0 });
  }
});

test("workers share the partitions, hand them over in order, and the last one has them all", async () => {
  await using house = await redisHouse(server.url, reducer, 5);
  const events = traffic(2_000, 11, "heavy");
  const first = await house.work({ leaseMs: 5_000, flushMs: 10 });
  const shared = (...workers: IngestWorker[]) =>
    expect.poll(() => workers.map((one) => one.stats().partitions).sort(), { timeout: 60_000 });
  await shared(first).toEqual([5]);
  const sending = send(house, events, 5);
  const second = await house.work({ leaseMs: 5_000, flushMs: 10 });
  await shared(first, second).toEqual([2, 3]);
  const third = await house.work({ leaseMs: 5_000, flushMs: 10 });
  await shared(first, second, third).toEqual([1, 2, 2]);
  await first.close();
  await shared(second, third).toEqual([2, 3]);
  await third.close();
  await shared(second).toEqual([5]);
  await sending;
  await second.idle();
  expect([first, second, third].map((one) => one.stats().restarts)).toEqual([0, 0, 0]); // nobody was ever fenced
  await expectExactlyOnce(house, events);
});

test("the stream and the verdicts are gone once the lake holds what they were about", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const worker = await house.work();
  const event = anEvent();
  await house.log.append([event, event, anEvent()]);
  await worker.idle();
  expect(await house.redis.xlen("log:{p0}")).toBe(0);
  expect(await house.redis.exists("verdicts:{p0}")).toBe(0);
  expect(worker.stats()).toMatchObject({ applied: 2, duplicates: 1, laked: 2, unflushed: 0 });
});

test("states of another catalogue are refused, and rebuilt by a replay", async () => {
  await using house = await redisHouse(server.url, reducer);
  const events = traffic(200, 6);
  const worker = await house.work();
  await send(house, events);
  await worker.idle();
  await worker.close();

  const other = countingReducer("counting-2");
  const states = createRedisStateStore({ redis: house.redis, partitions: house.partitions, digest: other.digest });
  await expect(house.work({ reducers: oneReducer(other) })).rejects.toMatchObject({
    code: "STATE_FROM_OTHER_CATALOGUE",
  });
  await expect(house.work({ reducers: oneReducer(other) })).rejects.toThrow(/portrait replay/);
  await expect(states.read([events[0].entity])).rejects.toMatchObject({ code: "STATE_FROM_OTHER_CATALOGUE" });

  const replayed = await replayStates({ ...options(house), reducers: oneReducer(other) });
  expect(replayed).toMatchObject({ events: new Set(events.map(({ id }) => id)).size, catalogue: "counting-2" });
  const [old] = await states.read([events[0].entity]);
  expect(old).toBeDefined();
  expect((await house.redis.keys("s:*")).every((key) => key.includes("}:2:"))).toBe(true);
  const more = anEvent({ user: events[0].entity.id });
  const next = await house.work({ reducers: oneReducer(other) });
  await house.log.append([more, events[0]]); // one new, one known since before the replay
  await next.idle();
  expect(next.stats()).toMatchObject({ applied: 1, duplicates: 1 });
});

test("a replay takes back what the lake does not hold, and the worker applies it again", async () => {
  await using house = await redisHouse(server.url, reducer);
  const events = traffic(300, 8);
  const worker = await house.work({
    fault: (at) => {
      if (at === "before-claim" && events.length > 0) throw new PortraitError("REDIS_AWAY", "no part is ever claimed");
    },
    flushMs: 1,
  });
  await send(house, events);
  await expect.poll(() => worker.stats().restarts, { timeout: 60_000 }).toBeGreaterThan(0);
  await worker.close();
  expect((await house.lake.summary()).events).toBe(0);
  expect(await replayStates(options(house))).toMatchObject({ events: 0, entities: 0 });
  const again = await house.work();
  await again.idle();
  await expectExactlyOnce(house, events);
});

test("when Redis has forgotten everything, the worker fills it from the lake and goes on", async () => {
  await using house = await redisHouse(server.url, reducer);
  const events = traffic(300, 9);
  const worker = await house.work();
  await send(house, events);
  await worker.idle();
  await worker.close();
  await house.redis.flushall();
  const more = anEvent({ id: "new", user: events[0].entity.id });
  await house.log.append([...events.slice(0, 20), more]); // the door takes events at once
  const [next, other] = await Promise.all([house.work({ leaseMs: 1_000 }), house.work({ leaseMs: 1_000 })]);
  await expect.poll(() => whenApplied(house.redis, house.partitions, 0), { timeout: 60_000 }).toBe(true);
  await Promise.all([next.close(), other.close()]);
  await expectExactlyOnce(house, [...events, more]);
});

test("when Redis has forgotten a part of what it knew, the worker says so and a replay brings it back", async () => {
  await using house = await redisHouse(server.url, reducer);
  const events = traffic(300, 12);
  const worker = await house.work();
  await send(house, events);
  await worker.idle();
  await worker.close();
  await house.redis.del("cursor:{p1}");
  const doubtful = await house.work();
  await expect(doubtful.ended).rejects.toMatchObject({ code: "LOG_BROKEN" });
  await expect(doubtful.idle()).rejects.toThrow(/portrait replay/);
  await replayStates(options(house));
  const next = await house.work();
  await house.log.append(events.slice(0, 20));
  await next.idle();
  await expectExactlyOnce(house, events);
});

test("a replay that ended half way is told, and ended by another one", async () => {
  await using house = await redisHouse(server.url, reducer);
  const events = traffic(100, 13);
  const worker = await house.work();
  await send(house, events);
  await worker.idle();
  await worker.close();
  await house.redis.set("catalogue:{p1}", `2:${reducer.digest}`);
  await expect(house.work()).rejects.toThrow(/half way.*portrait replay/);
  await replayStates(options(house));
  await (await house.work()).idle();
  await expectExactlyOnce(house, events);
});

test("a replay from a moment mends the states of those who had events since, and touches no other", async () => {
  await using house = await redisHouse(server.url, reducer, 2);
  const worker = await house.work();
  const old = anEvent({ user: "old", at: NOON - 3 * DAY });
  const late = [anEvent({ user: "late", at: NOON - 3 * DAY }), anEvent({ user: "late", at: NOON })];
  await house.log.append([old, ...late]);
  await expect(replaySince({ ...options(house), patienceMs: 50 }, NOON)).rejects.toMatchObject({ code: "TOO_BUSY" });
  await worker.idle();
  await worker.close();
  const keys = ["old", "late"].map((id) => stateKey(partitionOf({ kind: "user", id }, 2), 1, { kind: "user", id }));
  for (const key of keys) {
    const value = await house.redis.getBuffer(key);
    if (value) value[value.length - 1] ^= 1;
    if (value) await house.redis.set(key, value);
  }
  expect(await verifyStates(options(house))).toMatchObject({ equal: 0, different: 2 });
  expect(await replaySince(options(house), NOON)).toMatchObject({ entities: 1, events: 2 });
  expect(await verifyStates(options(house))).toMatchObject({ equal: 1, different: 1 });
  await house.log.append([anEvent({ user: "late" })]);
  await expect(replaySince(options(house), NOON)).rejects.toThrow(/wait to be applied.*portrait work/);
});

test("an entity with hundreds of events a day keeps a short value, and every id of it is known", async () => {
  await using house = await redisHouse(server.url, reducer, 2);
  const worker = await house.work();
  const events = Array.from({ length: 1_000 }, (_, i) =>
    anEvent({ id: `h${i}`, user: "heavy", at: NOON - (i % 2) * DAY, properties: { value: 0.01 } }),
  );
  await house.log.append(events.slice(0, 500));
  await worker.idle();
  await house.log.append(events);
  await house.log.append(events.toReversed());
  await worker.idle();
  expect(worker.stats()).toMatchObject({ applied: 1_000, duplicates: 1_500 });
  const entity = { kind: "user", id: "heavy" };
  const partition = partitionOf(entity, 2);
  expect((await house.redis.getBuffer(stateKey(partition, 1, entity)))?.length).toBeLessThan(60);
  const buckets = await house.redis.hvalsBuffer(idsKey(partition, 1, NOON / DAY - 0.5, entity));
  expect(buckets.reduce((sum, ids) => sum + ids.length, 0)).toBe(500 * 8);
  await expectExactlyOnce(house, events);

  // eight days later the buckets of the first day are forgotten with its ids
  await send(house, [anEvent({ id: "later", user: "heavy", at: NOON + 7 * DAY })]);
  await worker.idle();
  expect(await house.redis.exists(idsKey(partition, 1, NOON / DAY - 1.5, entity))).toBe(0);
  expect(await house.redis.exists(idsKey(partition, 1, NOON / DAY - 0.5, entity))).toBe(1);
});

test("a lake that lost its parts is refused, not begun anew", async () => {
  await using house = await redisHouse(server.url, reducer);
  const worker = await house.work();
  await send(house, traffic(50, 10));
  await worker.idle();
  await worker.close();
  const elsewhere = await house.work({ lakeDir: join(house.lakeDir, "..", "another") });
  await expect(elsewhere.ended).rejects.toMatchObject({ code: "LAKE_BROKEN" });
});

test("a changed number of partitions is refused", async () => {
  await using house = await redisHouse(server.url, reducer);
  await house.work();
  await expect(house.work({ partitions: 5 })).rejects.toThrow(/PORTRAIT_PARTITIONS=3/);
});

test("Redis away at the start is waited for, then said", async () => {
  await using house = await redisHouse(server.url, reducer);
  await expect(house.work({ redisUrl: "redis://127.0.0.1:1", patienceMs: 100 })).rejects.toMatchObject({
    code: "REDIS_AWAY",
  });
});

test("a Redis that answers and goes again is not one that is away, however long it takes to open the lake", async () => {
  await using house = await redisHouse(server.url, reducer);
  const door = await doorTo(server.url, catalogueKey(0)); // asked for after the lake was opened
  const slow = house.work({ redisUrl: door.url, patienceMs: 1, leaseMs: 1_000 });
  await expect.poll(door.cuts, { timeout: 60_000 }).toBeGreaterThan(1);
  door.leaveOpen();
  const worker = await slow;
  expect(worker.stats().restarts).toBeGreaterThan(0);
  const events = traffic(100, 9);
  await house.log.append(events);
  await worker.idle();
  await expectExactlyOnce(house, events);
});

test("verify counts a state that is not what the log says", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const worker = await house.work();
  await house.log.append([anEvent({ user: "a" }), anEvent({ user: "b" }), anEvent({ user: "c" })]);
  await worker.idle();
  const value = await house.redis.getBuffer("s:{p0}:1:user:a");
  value![value!.length - 1] ^= 1;
  await house.redis.set("s:{p0}:1:user:a", value!);
  await house.redis.del("s:{p0}:1:user:b");
  await house.redis.copy("s:{p0}:1:user:c", "s:{p0}:1:user:stranger");
  expect(await verifyStates(options(house))).toEqual({
    entities: 3,
    equal: 1,
    different: 1,
    missing: 1,
    extra: 1,
    ahead: 0,
    behind: 0,
  });
});

/** The files of the lake, oldest first. */
const parts = (house: RedisHouse) =>
  readdirSync(house.lakeDir, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(house.lakeDir, name));

test("a half-written, a foreign or a missing part is named; parts in the making are not looked at", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const worker = await house.work();
  for (let i = 0; i < 3; i++) {
    await house.log.append([anEvent()]);
    await worker.idle();
  }
  const files = parts(house);
  expect(files).toHaveLength(3);
  writeFileSync(`${files[0].slice(0, -8)}.123.tmp`, "half a part");
  expect(await allOf(house.lake)).toHaveLength(3);

  const fresh = () => createParquetLake(house.lakeDir, { memoryMb: 100 });
  const foreign = join(house.lakeDir, "p0", "notes.txt");
  writeFileSync(foreign, "hello");
  await expect(allOf(fresh())).rejects.toMatchObject({ code: "LAKE_BROKEN", facts: { file: foreign } });
  rmSync(foreign);

  renameSync(files[1], `${files[1]}.tmp`);
  await expect(allOf(fresh())).rejects.toMatchObject({ code: "LAKE_BROKEN", facts: { file: files[2] } });
  renameSync(`${files[1]}.tmp`, files[1]);

  truncateSync(files[1], statSync(files[1]).size - 10);
  await expect(allOf(fresh())).rejects.toMatchObject({ code: "LAKE_BROKEN", facts: { file: files[1] } });
});
