import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { checkRedisUrl } from "../../../src/cli/doctor/checks.ts";
import { erasing } from "../../../src/cli/erasing.ts";
import { compose } from "../../../src/compose.ts";
import { loadConfig } from "../../../src/config.ts";
import type { Event } from "../../../src/events/event.ts";
import { partitionOf } from "../../../src/events/partition-of.ts";
import { silentLog } from "../../../src/log.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { startIngestWorker } from "../../../src/stores/redis/ingest-worker.ts";
import { keySlot } from "../../../src/stores/redis/key-slot.ts";
import { logKey } from "../../../src/stores/redis/keys.ts";
import { createRedisLimitLeases } from "../../../src/stores/redis/limit-leases.ts";
import { replayStates } from "../../../src/stores/redis/replay-states.ts";
import { serversOf } from "../../../src/stores/redis/servers.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { startTrainingWorker } from "../../../training/worker.ts";
import { constantArtifact } from "../../support/constant-artifact.ts";
import { DAY } from "../../support/events.ts";
import { type RedisCluster, startRedisCluster } from "../../support/redis-cluster.ts";
import { serve, testKeys } from "../../support/serve.ts";
import { tempDir } from "../../support/temp-dir.ts";

const installed = spawnSync("redis-server", ["--version"]).status === 0;
const PARTITIONS = 8;
const USERS = 24;

let cluster: RedisCluster;
beforeAll(async () => {
  if (installed) cluster = await startRedisCluster();
});
afterAll(() => cluster?.close());

/** Terminals have a state of their own: how often money was paid there. */
const DECLARED = {
  entities: {
    terminal: {
      from: "terminal",
      features: [
        {
          name: "payments_400d",
          kind: "count",
          event: "Order Completed",
          window: { days: 400 },
          unit: "payments",
          about: "payments at this terminal in the last 400 days",
        },
      ],
    },
  },
};

/** The API, composed as `portrait serve` composes it, over a lake of its own; and a worker. */
async function aHouse() {
  const root = tempDir();
  const declarations = join(root, "portrait.config.json");
  writeFileSync(declarations, JSON.stringify(DECLARED));
  const config = loadConfig({ PORTRAIT_VAR: root, PORTRAIT_CONFIG: declarations, REDIS_URL: cluster.url });
  const { services, close } = await compose(config, { log: silentLog, redisUrl: cluster.url, lookEveryMs: 60_000 });
  onTestFinished(close);
  const lake = createParquetLake(config.paths.lake, { memoryMb: 200, threads: 1 });
  onTestFinished(() => lake.close());
  const { reducers } = services;
  const shared = { reducers, partitions: PARTITIONS, knownIdsMs: 7 * DAY };
  const work = async () => {
    const worker = await startIngestWorker({
      ...{ ...shared, redisUrl: cluster.url, lakeDir: config.paths.lake },
      ...{ flushMs: 100, flushRows: 10_000, leaseMs: 2_000 },
    });
    onTestFinished(() => worker.close());
    return worker;
  };
  const redis = connectFailFast(cluster.url);
  onTestFinished(() => redis.disconnect());
  await whenReady(redis, 60_000);
  return { config, services, lake, work, redis, rebuild: { ...shared, redis, lake } };
}

/** Each of the users pays `times` times, at one of six terminals. */
const payments = (times: number, from = 0) =>
  Array.from({ length: USERS * times }, (_, i) => ({
    type: "track",
    messageId: `c${from + i}`,
    userId: `u${i % USERS}`,
    event: "Order Completed",
    timestamp: new Date(Date.now() - 60_000).toISOString(),
    properties: { revenue: 10, terminal: `t${i % 6}` },
  }));

describe.skipIf(!installed)("on a Redis Cluster of three masters (skipped where redis-server is not installed)", () => {
  test("the slot of a key is the one that Redis says, with and without a hash tag", async () => {
    for (const key of ["123456789", "log:{p7}", "a{}b", "{{x}}y", "no}brace{", "Ünïcødé {ключ}"])
      expect([key, keySlot(key)]).toEqual([key, Number(await cluster.nodes[0].call("CLUSTER", "KEYSLOT", key))]);
  });

  test("events go from the door to the states of first and second entities, a score leaves a receipt, and a replay agrees", async () => {
    const { config, services, lake, work, redis, rebuild } = await aHouse();
    await using api = await serve({ ...services, keys: testKeys({ admin: ["admin"] }) });
    // the users, and the partitions of the log, lie on all three nodes
    const nodesOf = (keys: readonly string[]) => new Set(keys.map((key) => Math.floor((keySlot(key) * 3) / 16_384)));
    const users = Array.from({ length: USERS }, (_, i) => ({ kind: "user", id: `u${i}` }));
    expect(nodesOf(users.map((user) => logKey(partitionOf(user, PARTITIONS)))).size).toBe(3);

    const posted = await api.post("/v1/batch", { batch: payments(5) });
    expect(posted.status).toBe(200);
    const [one, two] = await Promise.all([work(), work()]);
    // they share the partitions; one that is on its way from one to the other is nobody's
    await expect.poll(() => [one, two].map((it) => it.stats().partitions)).toEqual([4, 4]);
    await Promise.all([one.idle(), two.idle()]);
    await Promise.all([one.idle(), two.idle()]); // what the last commits forwarded
    await Promise.all([one.close(), two.close()]);

    expect((await api.get("/metrics")).text).toMatch(/^portrait_states_behind_seconds 0$/m);
    const purchase = constantArtifact({
      model: "purchase",
      probability: 0.2,
      columns: [{ name: "orders_30d", type: "number" }],
      source: {
        ...{ type: "recipe", recipe: "purchase", digest: "0".repeat(64), entity: "user" },
        catalogue: services.reducers.of("user").digest,
        log: { from: 0, until: 1, events: 1 },
      },
    });
    await services.artifacts.save(purchase);
    await services.promote("purchase", "v1", "for the test");
    for (const user of ["u0", "u1", "u2", "u3"]) {
      const { status, body } = await api.post("/v1/score", { entity: "user", id: user, models: ["purchase"] });
      expect(status).toBe(200);
      const receipt = await api.get(`/v1/receipts/${body.receipt}`);
      expect(receipt.body.scores[0 as never]).toMatchObject({ model: "purchase", row: [5] }); // five orders each
    }
    expect(await services.receipts.latest(10)).toHaveLength(4);

    const states = await services.states.read([{ kind: "terminal", id: "t1" }, ...users]);
    expect(states.every((state) => state !== undefined)).toBe(true);
    let scanned = 0;
    for await (const page of services.states.scan("user")) scanned += page.length;
    expect(scanned).toBe(USERS);
    const verified = await verifyStates(rebuild);
    expect(verified).toMatchObject({ entities: USERS + 6, equal: USERS + 6, extra: 0 });
    await replayStates(rebuild);
    expect(await verifyStates(rebuild)).toEqual(verified);
    expect((await lake.summary()).events).toBe(5 * USERS);
    expect(serversOf(redis)).toHaveLength(3);

    // a person is asked to be erased at the door, and goes from whichever node he lies on
    const worker = await work();
    const stop = erasing(config, { redisUrl: cluster.url, reducers: services.reducers, log: silentLog, everyMs: 50 });
    onTestFinished(stop);
    const { body } = await api.post("/v1/entities/user/u1/erase", {});
    const erasure = async () => (await api.get(`/v1/erasures/${body.id}`)).body;
    await expect.poll(erasure, { timeout: 60_000 }).toMatchObject({ state: "done" });
    expect((await erasure()).certificate).toMatchObject({ gone: { states: 1, rows: 0, nobodys: 5, receipts: 1 } });
    await stop();
    await worker.close();
    expect(await services.states.read([{ kind: "user", id: "u1" }])).toEqual([undefined]);
    expect(await verifyStates(rebuild)).toMatchObject({ entities: USERS + 5, equal: USERS + 5, extra: 0, missing: 0 });
  });

  test("a promotion is heard by the other API, and a job goes through the queue", async () => {
    const [one, two] = [await aHouse(), await aHouse()];
    await one.services.artifacts.save(constantArtifact());
    await one.services.promote("bank", "v1", "first");
    await expect.poll(() => two.services.champions.current().get("bank")?.version, { timeout: 60_000 }).toBe("v1");

    const worker = startTrainingWorker({
      redisUrl: cluster.url,
      train: async ({ model }) => ({ model, version: "v2", promoted: false, why: "not better" }),
      log: silentLog,
    });
    onTestFinished(() => worker.close());
    const { id } = await one.services.retraining.ask({ model: "purchase", reason: "manual", seed: 7 });
    await expect.poll(async () => (await two.services.retraining.job(id))?.state, { timeout: 60_000 }).toBe("done");
  });

  test("the doctor looks at each of its masters", async () => {
    expect(await checkRedisUrl(cluster.url)).toMatchObject({
      state: "ok",
      found: expect.stringContaining("a Cluster of 3 masters"),
    });
    await cluster.nodes[2].config("SET", "maxmemory-policy", "allkeys-lru");
    expect(await checkRedisUrl(cluster.url)).toMatchObject({
      state: "warn",
      found: expect.stringContaining("allkeys-lru"),
    });
    await cluster.nodes[2].config("SET", "maxmemory-policy", "noeviction");
  });

  test("what breaks its schema is set aside, and limits are shared", async () => {
    const { services, redis } = await aHouse();
    const event: Event = {
      ...{ id: "q1", name: "Odd", entity: { kind: "user", id: "u1" } },
      ...{ at: Date.now(), known: Date.now(), properties: {} },
    };
    await services.quarantine.put([{ event, reason: "revenue: wanted a number" }]);
    expect(await services.quarantine.list({ limit: 10 })).toMatchObject([{ event: { id: "q1" } }]);
    const asked = { limit: { perSecond: 0.001, burst: 10 }, want: 8, owed: 0 };
    expect(await createRedisLimitLeases(redis, "one")("k", asked)).toMatchObject({ tokens: 8, processes: 1 });
    expect(await createRedisLimitLeases(redis, "two")("k", asked)).toMatchObject({ tokens: 2, processes: 2 });
  });

  test("a replica that takes over in the middle loses nothing and doubles nothing", async () => {
    const { services, work, lake, rebuild } = await aHouse();
    await Promise.all(serversOf(rebuild.redis).map((server) => server.flushall()));
    await using api = await serve({ ...services, keys: testKeys({ admin: ["admin"] }) });
    const worker = await work();
    let sent = 0;
    let refused = 0;
    let going = true;
    const sending = (async () => {
      while (going) {
        const batch = payments(2, sent);
        while ((await api.post("/v1/batch", { batch })).status !== 200) refused++;
        sent += batch.length;
      }
    })();
    await expect.poll(() => sent, { timeout: 60_000 }).toBeGreaterThan(500);
    await cluster.failOver();
    const before = sent;
    await expect.poll(() => sent, { timeout: 60_000 }).toBeGreaterThan(before + 500);
    going = false;
    await sending;
    await worker.idle();
    await worker.idle();
    expect((await lake.summary()).events).toBe(sent);
    const verified = await verifyStates(rebuild);
    expect(verified).toMatchObject({ entities: USERS + 6, equal: USERS + 6, extra: 0 });
    expect(refused).toBeLessThan(20);
  });

  test("with a master gone that has no replica its part is refused at once, /readyz says so, and scoring goes on", async () => {
    const { services } = await aHouse();
    await services.artifacts.save(constantArtifact());
    await services.promote("bank", "v1", "first");
    await using api = await serve({ ...services, keys: testKeys({ admin: ["admin"] }) });
    expect((await api.get("/readyz")).body.missing).not.toContain("redis");
    await cluster.kill(2);
    await expect.poll(async () => (await api.get("/readyz")).body.missing, { timeout: 60_000 }).toContain("redis");
    const since = performance.now();
    expect(await api.post("/v1/batch", { batch: payments(1) })).toMatchObject({
      status: 503,
      body: { code: "REDIS_AWAY" },
    });
    expect((await api.post("/v1/score", { models: ["bank"], features: { age: 40 } })).status).toBe(200);
    expect(performance.now() - since).toBeLessThan(10_000); // the deadline of every answer
  });
});
