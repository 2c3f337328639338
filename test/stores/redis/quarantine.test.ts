import { expect, onTestFinished, test } from "vitest";
import { connectFailFast, whenReady } from "../../../src/stores/redis/connect.ts";
import { createRedisQuarantine } from "../../../src/stores/redis/quarantine.ts";
import { quarantineKeepsItsPromises } from "../../contract/quarantine.ts";
import { anEvent } from "../../support/events.ts";
import { useRedis } from "../../support/redis.ts";

const server = useRedis();

async function open(bounds: Omit<Parameters<typeof createRedisQuarantine>[0], "redis"> = {}) {
  await server.flush();
  const redis = connectFailFast(server.url);
  onTestFinished(() => redis.disconnect());
  await whenReady(redis, 60_000);
  return createRedisQuarantine({ redis, ...bounds });
}

quarantineKeepsItsPromises("Redis", open);

test("Redis: without a server, what waits is not said to be nothing", async () => {
  const redis = connectFailFast("redis://127.0.0.1:1");
  onTestFinished(() => redis.disconnect());
  const quarantine = createRedisQuarantine({ redis });
  await expect(quarantine.list({ limit: 1 })).rejects.toMatchObject({ code: "REDIS_AWAY" });
  await expect(quarantine.put([{ event: anEvent(), reason: "" }])).rejects.toMatchObject({ code: "REDIS_AWAY" });
});
