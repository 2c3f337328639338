import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLayeredSegmentations } from "../../../src/stores/layered-segmentations.ts";
import { createMemorySegmentations } from "../../../src/stores/memory/segmentation.ts";
import { connectFailFast, redisOptions, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisSegmentations } from "../../../src/stores/redis/segmentation.ts";
import { SWAP_CHANNEL } from "../../../src/stores/redis/swap.ts";
import { aSegmentation, segmentationStoreKeepsItsPromises } from "../../contract/segmentation-store.ts";
import { useRedis } from "../../support/redis.ts";

const house = useRedis();
let redis: Redis;
beforeAll(async () => {
  redis = connectFailFast(house.url);
  await whenReady(redis, 60_000);
});
beforeEach(() => house.flush());
afterAll(() => redis.disconnect());

describe("in Redis", () => segmentationStoreKeepsItsPromises(() => createRedisSegmentations(redis)));

describe("in Redis and a nearer place", () =>
  segmentationStoreKeepsItsPromises(() =>
    createLayeredSegmentations(createRedisSegmentations(redis), createMemorySegmentations()),
  ));

test("a new segmentation is announced, the same one again is not", async () => {
  const ear = new Redis(redisOptions(house.url));
  await ear.subscribe(SWAP_CHANNEL);
  const heard: string[] = [];
  ear.on("message", (_, message) => heard.push(message));
  const store = createRedisSegmentations(redis);
  await store.save(aSegmentation());
  await store.save(aSegmentation());
  await expect.poll(() => heard, { timeout: 60_000 }).toEqual(["segments"]);
  ear.disconnect();
});

test("of another format it is refused by name", async () => {
  const store = createRedisSegmentations(redis);
  await store.save(aSegmentation());
  const [key] = await redis.keys("*segmentation");
  await redis.set(key, JSON.stringify({ ...aSegmentation(), format: 2 }));
  await expect(store.champion()).rejects.toMatchObject({ code: "ARTIFACT_FORMAT" });
  await redis.set(key, JSON.stringify({ format: 1 }));
  await expect(store.champion()).rejects.toMatchObject({ code: "ARTIFACT_BROKEN" });
});

test("the newer of two places is in use, and brought to all", async () => {
  const [shared, near] = [createRedisSegmentations(redis), createMemorySegmentations()];
  await shared.save({ ...aSegmentation("old"), createdAt: "2026-05-01T00:00:00.000Z" });
  await near.save({ ...aSegmentation("new"), createdAt: "2026-06-01T00:00:00.000Z" });
  expect((await createLayeredSegmentations(shared, near).champion())?.version).toBe("new");
  expect((await shared.champion())?.version).toBe("new");
});
