import { describe, expect, onTestFinished, test } from "vitest";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { MOUNTS, type ServeOptions, serve as serveAt } from "../support/serve.ts";
import { tempDir } from "../support/temp-dir.ts";

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  const serve = (given: Parameters<typeof serveAt>[0] = {}, options: ServeOptions = {}) =>
    serveAt(given, { ...options, mount });

  test("Redis dies under the service and comes back: features are scored all the while, and receipts heal by themselves", async () => {
    const dir = tempDir();
    const first = await startPrivateRedis({ dir, fsync: "no" });
    const redis = connectFailFast(first.url);
    onTestFinished(() => redis.disconnect());
    await whenReady(redis, 60_000);
    await using house = await serve({
      receipts: createRedisReceipts({ redis, keepMs: 60_000 }),
      eventLog: createRedisEventLog({ redis, partitions: 2 }),
      redisReady: () => redis.status === "ready",
    });
    const score = () => house.post("/v1/score", { models: ["bank"], features: { age: 40 } });
    const track = () => house.post("/v1/track", { userId: "u1", event: "Logged In" });

    const { receipt } = (await score()).body;
    expect((await house.get(`/v1/receipts/${receipt}`)).status).toBe(200);
    expect((await track()).status).toBe(200);

    await first.kill();
    const without = await score();
    expect([without.status, without.body.missing, without.body.receipt]).toEqual([200, ["receipt"], undefined]);
    for (const refused of [await track(), await house.get(`/v1/receipts/${receipt}`)]) {
      expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([503, "REDIS_AWAY", "5"]);
    }
    await expect.poll(async () => (await house.get("/readyz")).body.missing, { timeout: 60_000 }).toContain("redis");

    const second = await startPrivateRedis({ dir, fsync: "no" });
    onTestFinished(() => second.close());
    await expect.poll(async () => (await score()).body.receipt, { timeout: 60_000 }).toMatch(/^[0-9A-Z]{26}$/);
    expect((await track()).status).toBe(200);
    expect((await house.get("/readyz")).body.missing).not.toContain("redis");
  });

  test("a store that never answers is given up on, and the caller told to come again", async () => {
    const never = () => new Promise<never>(() => {});
    await using house = await serve({ states: { read: never, async *scan() {} } }, { deadlineMs: 50 });
    const res = await house.post("/v1/score", { id: "u1" });
    expect([res.status, res.body.code, res.headers.get("retry-after")]).toEqual([503, "REDIS_AWAY", "5"]);
    expect((await house.post("/v1/score", { models: ["bank"], features: { age: 40 } })).status).toBe(200);
  });
});
