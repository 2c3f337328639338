import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../../src/log.ts";
import { redisOptions } from "../../../src/stores/redis/connect.ts";
import { SWAP_CHANNEL, watchSwaps } from "../../../src/stores/redis/swap.ts";
import { useRedis } from "../../support/redis.ts";

const house = useRedis();

function watch(look: () => Promise<void>, everyMs = 60_000) {
  const swaps = watchSwaps({ redisUrl: house.url, look, everyMs, log: silentLog });
  onTestFinished(() => swaps.close());
  return swaps;
}

test("an announcement is followed by a look", async () => {
  let looks = 0;
  watch(async () => {
    looks++;
  });
  const redis = new Redis(redisOptions(house.url));
  onTestFinished(() => redis.disconnect());
  await expect.poll(() => redis.publish(SWAP_CHANNEL, "bank"), { timeout: 60_000 }).toBe(1);
  await expect.poll(() => looks, { timeout: 60_000 }).toBeGreaterThanOrEqual(2); // when it connected, and now
});

test("without any announcement one looks every so often", async () => {
  let looks = 0;
  watch(async () => {
    looks++;
  }, 20);
  await expect.poll(() => looks, { timeout: 60_000 }).toBeGreaterThan(3);
});

test("looks never overlap, and each is answered by one that began after the call", async () => {
  let begun = 0;
  let at = 0;
  let most = 0;
  const swaps = watch(async () => {
    begun++;
    most = Math.max(most, ++at);
    await new Promise((done) => setTimeout(done, 5));
    at--;
  });
  const answers = Array.from({ length: 20 }, async () => {
    const before = begun;
    await swaps.look();
    return begun > before || before === 0;
  });
  expect((await Promise.all(answers)).every(Boolean)).toBe(true);
  expect(most).toBe(1);
  expect(begun).toBeLessThan(6);
});

test("a look that fails is not the last", async () => {
  let looks = 0;
  const swaps = watch(async () => {
    if (++looks === 1) throw new Error("once");
  });
  await swaps.look();
  await swaps.look();
  expect(looks).toBeGreaterThan(1);
});
