import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createRedisArtifacts } from "../../../src/stores/redis/artifacts.ts";
import { connectFailFast, redisOptions, whenReady } from "../../../src/stores/redis/connect.ts";
import { startPrivateRedis } from "../../../src/stores/redis/private-redis.ts";
import { SWAP_CHANNEL } from "../../../src/stores/redis/swap.ts";
import { artifactStoreKeepsItsPromises } from "../../contract/artifact-store.ts";
import { constantArtifact } from "../../support/constant-artifact.ts";
import { useRedis } from "../../support/redis.ts";
import { tempDir } from "../../support/temp-dir.ts";

const house = useRedis();
let redis: Redis;
beforeAll(async () => {
  redis = connectFailFast(house.url);
  await whenReady(redis, 60_000);
});
beforeEach(() => house.flush());
afterAll(() => redis.disconnect());

artifactStoreKeepsItsPromises("Redis", (now) => createRedisArtifacts(redis, now));

test("a promotion is announced in the same step, with the model's name and nothing else", async () => {
  const store = createRedisArtifacts(redis, () => Date.UTC(2026, 2, 1));
  const ear = new Redis(redisOptions(house.url));
  await ear.subscribe(SWAP_CHANNEL);
  const heard = new Promise((tell) => ear.once("message", (_, message) => tell(message)));
  await store.save(constantArtifact());
  await store.promote("bank", "v1", "the first version");
  expect(await heard).toBe("bank");
  expect(await store.champion("bank")).toBe("v1");
  expect(await store.history("bank")).toEqual([
    { version: "v1", why: "the first version", at: "2026-03-01T00:00:00.000Z" },
  ]);
  ear.disconnect();
});

test("a byte that changed in Redis is found, and the version refused", async () => {
  const store = createRedisArtifacts(redis);
  await store.save(constantArtifact());
  const [key] = await redis.keys("*version:bank:v1");
  await redis.hset(key, "file:card.md", "# bank v2\n");
  await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
  await redis.hdel(key, "file:card.md");
  await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
});

test("a promotion of what is not stored is refused and changes nothing", async () => {
  const store = createRedisArtifacts(redis);
  await store.save(constantArtifact());
  await store.promote("bank", "v1", "first");
  await expect(store.promote("bank", "v2", "typo")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  expect(await store.champion("bank")).toBe("v1");
});

test("without Redis every call says REDIS_AWAY at once", async () => {
  const server = await startPrivateRedis({ dir: tempDir(), fsync: "no" });
  const lost = connectFailFast(server.url);
  await whenReady(lost, 60_000);
  const store = createRedisArtifacts(lost);
  await server.kill();
  const away = expect.objectContaining({ code: "REDIS_AWAY" });
  await expect(store.models()).rejects.toEqual(away);
  await expect(store.save(constantArtifact())).rejects.toEqual(away);
  await expect(store.promote("bank", "v1", "why")).rejects.toEqual(away);
  lost.disconnect();
});
