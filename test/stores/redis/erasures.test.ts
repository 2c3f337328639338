import { expect, onTestFinished, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisErasures } from "../../../src/stores/redis/erasures.ts";
import { erasuresKeepTheirPromises } from "../../contract/erasures.ts";
import { NOON } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";

const server = useRedis();
let made = 0;

async function open(leaseMs?: number) {
  const redis = connectFailFast(server.url);
  onTestFinished(() => redis.disconnect());
  await whenReady(redis, 2_000);
  return createRedisErasures({
    redis,
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
  const [one, other] = [await open(60), await open(60)];
  await one.ask({ entity: { kind: "user", id: "zaphod" }, who: "k3y" });
  const claim = await one.claim();
  await new Promise((pause) => setTimeout(pause, 150));
  expect(await other.claim()).toBeUndefined();
  await claim?.release();
  const next = await other.claim();
  expect(next).toBeDefined();
  await next?.release();
});
