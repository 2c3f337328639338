import { afterAll, expect, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisReceipts } from "../../../src/stores/redis/receipts.ts";
import { receiptStoreKeepsItsPromises } from "../../contract/receipt-store.ts";
import { useRedis } from "../../support/redis.ts";

const house = useRedis();
const opened: ReturnType<typeof connectFailFast>[] = [];
afterAll(() => {
  for (const redis of opened) redis.disconnect();
});

async function connect() {
  const redis = connectFailFast(house.url);
  opened.push(redis);
  await whenReady(redis, 5_000);
  return redis;
}

receiptStoreKeepsItsPromises("redis", async (keepMs) => {
  await house.flush();
  return createRedisReceipts({ redis: await connect(), keepMs });
});

const receipt = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", at: 1, scores: [] };

test("receipts saved in one turn travel together", async () => {
  const redis = await connect();
  const store = createRedisReceipts({ redis, keepMs: 60_000 });
  const commands = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  const before = await commands();
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.save({ ...receipt, id: `R${i}-AA` })));
  expect((await commands()) - before).toBe(1);
  await Promise.all(Array.from({ length: 1_001 }, (_, i) => store.save({ ...receipt, id: `S${i}-AA` })));
  expect((await commands()) - before).toBe(1 + 3); // in parts, so that Redis is never held up
  expect(await store.load("S1000-AA")).toMatchObject({ id: "S1000-AA" });
});

test("a Redis without room refuses the receipt by name", async () => {
  const redis = await connect();
  await redis.config("SET", "maxmemory", "1");
  try {
    await expect(createRedisReceipts({ redis, keepMs: 60_000 }).save(receipt)).rejects.toMatchObject({
      code: "REDIS_FULL",
    });
  } finally {
    await redis.config("SET", "maxmemory", "0");
  }
});

test("a Redis that is gone refuses at once, by name", async () => {
  const redis = await connect();
  redis.disconnect();
  const store = createRedisReceipts({ redis, keepMs: 60_000 });
  const started = performance.now();
  await expect(store.save(receipt)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(store.load(receipt.id)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(store.latest(3)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  expect(performance.now() - started).toBeLessThan(1_000);
});

test("a Redis that hangs counts as away after a while", async () => {
  const redis = await connect();
  const store = createRedisReceipts({ redis, keepMs: 60_000, patienceMs: 100 });
  process.kill(house.server.pid, "SIGSTOP");
  try {
    await expect(store.save(receipt)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  } finally {
    process.kill(house.server.pid, "SIGCONT");
  }
  await expect.poll(() => store.load(receipt.id)).toBeDefined();
});
