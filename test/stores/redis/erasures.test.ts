import { expect, onTestFinished, test, vi } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisErasures } from "../../../src/stores/redis/erasures.ts";
import { erasuresKeepTheirPromises } from "../../contract/erasures.ts";
import { NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";

const server = useRedis();
let made = 0;

async function connect() {
  const redis = connectFailFast(server.url);
  onTestFinished(() => redis.disconnect());
  await whenReady(redis, 20_000);
  return redis;
}

async function open(leaseMs?: number) {
  return createRedisErasures({
    redis: await connect(),
    clock: () => NOON,
    newId: () => `e${++made}`,
    ...(leaseMs !== undefined && { leaseMs }),
  });
}

erasuresKeepTheirPromises("in Redis", async () => {
  await server.flush();
  return open();
});

test("one worker erases at a time, and goes on as long as it lives", async () => {
  await server.flush();
  const [one, other] = [await open(60_000), await open(60_000)];
  await one.ask({ entity: { kind: "user", id: "zaphod" }, who: "k3y" });
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const claim = await one.claim();
  const redis = await connect();
  const left = () => redis.pttl("erasures:lease");
  for (let renewals = 0; renewals < 3; renewals++) {
    await redis.pexpire("erasures:lease", 40_000); // a third of it has passed
    vi.advanceTimersByTime(20_000);
    await expect.poll(left, { timeout: 60_000 }).toBeGreaterThan(40_000);
    expect(await other.claim()).toBeUndefined();
  }
  await claim?.release();
  const next = await other.claim();
  expect(next).toBeDefined();
  await next?.release();
});
