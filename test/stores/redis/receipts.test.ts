import type { Command } from "ioredis";
import { afterAll, expect, test } from "vitest";
import type { ReceiptStore } from "../../../src/scoring/receipt.ts";
import { type ChainLink, checkLinks, rootOf } from "../../../src/scoring/receipt-chain.ts";
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
  await whenReady(redis, 60_000);
  return redis;
}

receiptStoreKeepsItsPromises("redis", async (keepMs) => {
  await house.flush();
  return createRedisReceipts({ redis: await connect(), keepMs });
});

const receipt = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", at: 1, scores: [] };

test("receipts saved in one turn travel together, the first of them early", async () => {
  const redis = await connect();
  const store = createRedisReceipts({ redis, keepMs: 60_000 });
  const commands = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  const before = await commands();
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.save({ ...receipt, id: `R${i}-AA` })));
  expect((await commands()) - before).toBe(5); // 4 of 24 while the others are made, then 4
  await Promise.all(Array.from({ length: 1_001 }, (_, i) => store.save({ ...receipt, id: `S${i}-AA` })));
  expect((await commands()) - before).toBe(5 + 6); // 4 of 24, 500 so that Redis is never held up for long, 405
  expect(await store.load("S1000-AA")).toMatchObject({ id: "S1000-AA" });
});

/** Ids of one desk, as long as ids are. */
const idOf = (name: string): string => `${name.padStart(23, "0")}-AA`;
const named = (name: string) => ({ ...receipt, id: idOf(name) });

/** Every chain from its root, and how many receipts it holds; throws when one does not hold. */
async function chainsOf(store: ReceiptStore): Promise<number[]> {
  const chains = await store.chains();
  const lengths = chains.map(async (chain) => {
    const links: ChainLink[] = [];
    for await (const page of store.links(chain)) links.push(...page);
    expect(checkLinks({ number: -1, link: rootOf(chain) }, links)).toBeUndefined();
    return links.reduce((sum, { digests }) => sum + digests.length, 0);
  });
  return Promise.all(lengths);
}

test("when a group fails, those behind it that are under way begin another chain, and both chains hold", async () => {
  await house.flush();
  const redis = await connect();
  let sent = 0;
  const failing = new Proxy(redis, {
    get(of, name) {
      if (name !== "sendCommand") return Reflect.get(of, name);
      // the second is lost on its way; the third and the fourth follow it before anybody knows
      return (command: Command) =>
        command.name === "eval" && ++sent === 2
          ? redis.ping().then(() => Promise.reject(new Error("Connection is closed.")))
          : redis.sendCommand(command);
    },
  });
  const store = createRedisReceipts({ redis: failing, keepMs: 60_000 });
  const saved = await Promise.allSettled(Array.from({ length: 96 }, (_, i) => store.save(named(`R${i}`))));
  const lost = saved.flatMap(({ status }, i) => (status === "rejected" ? [i] : []));
  expect(lost).toEqual(Array.from({ length: 24 }, (_, i) => 24 + i));
  expect((await chainsOf(store)).sort()).toEqual([24, 48]);
  expect(await store.load(idOf("R24"))).toBeUndefined();
  const sealed = await store.open(idOf("R95"));
  expect(sealed).toMatchObject({ chain: idOf("R48"), number: 1, place: 23 });
});

test("a Redis that lost everything begins another chain, and no receipt fails", async () => {
  await house.flush();
  const store = createRedisReceipts({ redis: await connect(), keepMs: 60_000 });
  await store.save(named("A"));
  await store.save(named("B"));
  await house.flush();
  await Promise.all(Array.from({ length: 40 }, (_, i) => store.save(named(`C${i}`))));
  await store.save(named("D"));
  expect(await store.chains()).toHaveLength(1);
  expect(await chainsOf(store)).toEqual([41]);
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
  const store = createRedisReceipts({ redis, keepMs: 60_000, patienceMs: 60_000 });
  const started = performance.now();
  await expect(store.save(receipt)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(store.load(receipt.id)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(store.latest(3)).rejects.toMatchObject({ code: "REDIS_AWAY" });
  expect(performance.now() - started).toBeLessThan(60_000); // the patience of one
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
  await expect.poll(() => store.load(receipt.id), { timeout: 60_000 }).toBeDefined();
});
