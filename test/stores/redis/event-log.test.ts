import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../../src/stores/redis/event-log.ts";
import { openRedis } from "../../../src/stores/redis/open-redis.ts";
import { anEvent, countingReducer } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";
import { type RedisHouse, redisHouse } from "../../support/redis-house.ts";
import { tempDir } from "../../support/temp-dir.ts";

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

test("while a group is under way the next one gathers, and leaves with its answer", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  await house.log.append([anEvent()]);
  await house.redis.client("PAUSE", 60_000, "WRITE");
  const appended = [];
  for (let i = 0; i < 5; i++) {
    appended.push(house.log.append([anEvent()]));
    await new Promise((done) => setTimeout(done, 5)); // longer than a group lingers
  }
  const another = connectFailFast(server.url); // the house's own waits behind its writing
  await whenReady(another, 20_000);
  await another.call("CLIENT", "UNPAUSE");
  another.disconnect();
  await Promise.all(appended);
  expect(await house.redis.xlen("log:{p0}")).toBe(3); // the first of all, the first of the five, the other four
});

test("a group of several partitions is in the log whole or not at all, at any moment", async () => {
  const partitions = 8;
  await using house = await redisHouse(server.url, reducer, partitions);
  const group = () =>
    Array.from({ length: 400 }, (_, i) => anEvent({ user: `u${i}`, properties: { note: "x".repeat(400) } }));
  await house.log.append(group());
  const another = connectFailFast(server.url);
  await whenReady(another, 20_000);
  const keys = Array.from({ length: partitions }, (_, partition) => `log:{p${partition}}`);
  const lengths = () =>
    another.eval("local n = {} for i, k in ipairs(KEYS) do n[i] = redis.call('XLEN', k) end return n", 8, ...keys);
  let writing = true;
  const written = (async () => {
    for (let i = 0; i < 20; i++) await house.log.append(group());
    writing = false;
  })();
  const seen = new Set<string>();
  while (writing) seen.add(String(await lengths()));
  await written;
  another.disconnect();
  for (const one of seen) expect(new Set(one.split(",")).size).toBe(1);
  expect(seen.size).toBeGreaterThan(3);
  expect(await lengthsOf(house)).toEqual(keys.map(() => 21));
});

const lengthsOf = ({ redis, partitions }: RedisHouse): Promise<number[]> =>
  Promise.all(Array.from({ length: partitions }, (_, partition) => redis.xlen(`log:{p${partition}}`)));

test("more than may wait is refused at once, and taken again when the log has caught up", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const log = createRedisEventLog({ redis: house.redis, partitions: 1, maxPending: 10 });
  const first = log.append(Array.from({ length: 10 }, () => anEvent()));
  await expect(log.append([anEvent()])).rejects.toMatchObject({ code: "TOO_BUSY", retry: true });
  await first;
  expect(log.pending()).toBe(0);
  await log.append([anEvent()]);
});

test("more bytes than may wait are refused too, whatever the number of events", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const log = createRedisEventLog({ redis: house.redis, partitions: 1, maxPendingBytes: 20_000 });
  const large = () => anEvent({ properties: { note: "x".repeat(8_000) } });
  const waiting = [log.append([large(), large()]), log.append([large()])];
  await expect(log.append([anEvent()])).rejects.toMatchObject({ code: "TOO_BUSY", facts: { retryAfterS: 1 } });
  expect(log.refusal?.()?.code).toBe("TOO_BUSY"); // asked before a body is read
  await Promise.all(waiting);
  await log.append([anEvent()]);
  expect(log.refusal?.()).toBeUndefined();
});

test("a log that grows faster than it is applied refuses, and takes again when a worker has caught up", async () => {
  await using house = await redisHouse(server.url, reducer, 2);
  const log = createRedisEventLog({ redis: house.redis, partitions: 2, maxLogBytes: 300_000, lookEveryMs: 0 });
  let taken = 0;
  let refused: { code?: string; facts?: Record<string, unknown> } | undefined;
  for (let i = 0; i < 400 && !refused; i++) {
    const some = Array.from({ length: 20 }, (_, j) =>
      anEvent({ user: `u${j}`, properties: { note: "x".repeat(100) } }),
    );
    await log.append(some).then(
      () => {
        taken += some.length;
      },
      (error) => {
        refused = error;
      },
    );
  }
  // 20 events of some 170 bytes an append: the limit is reached after about 90 of them
  expect(refused).toMatchObject({ code: "TOO_BUSY", facts: { retryAfterS: 5, maxLogBytes: 300_000 } });
  expect(taken).toBeGreaterThan(600);
  expect(taken).toBeLessThan(4_000);

  const worker = await house.work();
  await worker.idle();
  expect(worker.stats().applied).toBe(taken); // what was acknowledged, and nothing else
  while (log.refusal?.()) await new Promise((done) => setTimeout(done, 5));
  await log.append([anEvent()]);
});

test("a Redis that is nearly full is left the rest for states and receipts", async () => {
  await using house = await redisHouse(server.url, reducer, 1);
  const log = createRedisEventLog({ redis: house.redis, partitions: 1, lookEveryMs: 0 });
  await log.append([anEvent()]);
  const used = Number(/used_memory:(\d+)/.exec(await house.redis.info("memory"))?.[1]);
  await house.redis.config("SET", "maxmemory", String(Math.round(used * 1.05)));
  try {
    while (!log.refusal?.()) await new Promise((done) => setTimeout(done, 5));
    await expect(log.append([anEvent()])).rejects.toMatchObject({ code: "TOO_BUSY", facts: { retryAfterS: 5 } });
    await house.redis.set("a state", "is written still");
  } finally {
    await house.redis.config("SET", "maxmemory", "0");
  }
  while (log.refusal?.()) await new Promise((done) => setTimeout(done, 5));
  await log.append([anEvent()]);
});

test.each([1, 3])(
  "a Redis without room for a group over %i partitions says so, and takes nothing",
  async (partitions) => {
    await using house = await redisHouse(server.url, reducer, partitions);
    const group = () => ["u1", "u2", "u3", "u4", "u5", "u6"].map((user) => anEvent({ user }));
    await house.log.append(group());
    const before = await lengthsOf(house);
    expect(before).toEqual(Array.from({ length: partitions }, () => 1));
    await house.redis.config("SET", "maxmemory", "1");
    try {
      await expect(house.log.append(group())).rejects.toMatchObject({ code: "REDIS_FULL", retry: true });
    } finally {
      await house.redis.config("SET", "maxmemory", "0");
    }
    expect(await lengthsOf(house)).toEqual(before);
  },
);

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

test("the private Redis answers an append once it is on disk, and after a crash it is there", async () => {
  const dir = tempDir();
  const place = { redis: { url: undefined }, paths: { redis: dir } };
  const opened = await openRedis(place);
  const redis = connectFailFast(opened.url);
  await whenReady(redis, 60_000);
  expect(await redis.config("GET", "append*")).toEqual(expect.arrayContaining(["appendfsync", "always", "yes"]));
  await createRedisEventLog({ redis, partitions: 2 }).append([anEvent({ id: "on-disk" }), anEvent({ user: "u2" })]);
  const written = readdirSync(join(dir, "appendonlydir")).map((name) => readFileSync(join(dir, "appendonlydir", name)));
  expect(Buffer.concat(written).includes("on-disk")).toBe(true);
  const pid = Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1]);
  redis.disconnect();
  process.kill(pid, "SIGKILL");
  await opened.close();

  const again = await openRedis(place);
  const second = connectFailFast(again.url);
  await whenReady(second, 60_000);
  const lengths = await Promise.all([second.xlen("log:{p0}"), second.xlen("log:{p1}")]);
  expect(lengths.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
  second.disconnect();
  await again.close();
});
