import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLimits } from "../../../src/http/limits.ts";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisLimitLeases } from "../../../src/stores/redis/limit-leases.ts";
import { leasesKeepTheirPromises } from "../../contract/limit-leases.ts";
import { useRedis } from "../../support/redis.ts";

const server = useRedis();
let redis: Redis;
beforeAll(async () => {
  redis = connectFailFast(server.url);
  await whenReady(redis, 60_000);
});
afterAll(() => redis.disconnect());

describe("leases in Redis", () => {
  leasesKeepTheirPromises(() => ({
    process: () => createRedisLimitLeases(redis, randomUUID()),
    pass: sleep,
    counts: true,
  }));

  test("three processes that ask as fast as they can are let in as often as one key may, together", async () => {
    const limit = { perSecond: 300, burst: 60 };
    const processes = [1, 2, 3].map(() => createLimits(createRedisLimitLeases(redis, randomUUID())));
    const holder = { id: "shared", name: "shared", scopes: [], limit };
    const started = performance.now();
    let taken = 0;
    // a bucket fills no further than its burst: while this process or Redis stands still, nothing is gained
    let awake = 0;
    for (let turn = started; awake < 1_500; ) {
      for (const { take } of processes) for (let i = 0; i < 20; i++) if (take(holder, performance.now()) === 0) taken++;
      await sleep(2);
      await redis.ping(); // answered after the leases that were asked for
      const ms = performance.now() - turn;
      turn += ms;
      if (ms < 100) awake += ms;
    }
    const allowed = limit.burst + (limit.perSecond * (performance.now() - started)) / 1_000;
    expect(taken).toBeLessThanOrEqual(allowed + 3 * 20); // the credit of three starts, owed
    expect(taken).toBeGreaterThan(0.8 * (limit.burst + (limit.perSecond * awake) / 1_000));
  });

  test("without Redis each process goes on with its share, and with it they share again", async () => {
    const away = connectFailFast("unix:///nowhere/redis.sock");
    const both = {
      ...limitsOver(away),
      holder: { id: "lonely", name: "l", scopes: [], limit: { perSecond: 200, burst: 40 } },
    };
    const started = performance.now();
    let taken = 0;
    let awake = 0;
    for (let turn = started; awake < 1_000; ) {
      if (both.take(both.holder, performance.now()) === 0) taken++;
      else await sleep(1);
      const ms = performance.now() - turn;
      turn += ms;
      if (ms < 100) awake += ms;
    }
    away.disconnect();
    const allowed = 40 + (200 * (performance.now() - started)) / 1_000;
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThanOrEqual(allowed);
  });
});

const limitsOver = (connection: Redis) => createLimits(createRedisLimitLeases(connection, randomUUID()));
