import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisQuarantine } from "../../src/stores/redis/quarantine.ts";
import { anEvent } from "../support/events.ts";
import { portrait as start } from "../support/portrait-process.ts";
import { useRedis } from "../support/redis.ts";
import { tempDir } from "../support/temp-dir.ts";

const server = useRedis();

const declaring = (root: string, max: number) => {
  const path = join(root, `max-${max}.json`);
  const events = { "Order Completed": { properties: { revenue: { type: "number", required: true, max } } } };
  writeFileSync(path, JSON.stringify({ events }));
  return path;
};

test("what broke its schema is listed, shown, and replayed once the declarations allow it", async () => {
  const root = tempDir();
  const redis = connectFailFast(server.url);
  await whenReady(redis, 60_000);
  const reason = 'The schema of "Order Completed" is broken';
  const quarantine = createRedisQuarantine({ redis });
  await quarantine.put([
    { event: anEvent({ id: "m1", user: "ann", properties: { revenue: 500 } }), reason },
    { event: anEvent({ id: "m2", user: "bob", properties: { revenue: 5_000 } }), reason },
  ]);
  const ask = async (max: number, ...args: string[]) => {
    const env = { PORTRAIT_VAR: root, REDIS_URL: server.url, PORTRAIT_CONFIG: declaring(root, max) };
    const command = start(["quarantine", ...args], env);
    expect(await command.ended).toBe(0);
    return command.out();
  };
  const { items } = JSON.parse(await ask(100, "list", "--json"));
  expect(items.map(({ name, reason }: { name: string; reason: string }) => [name, reason])).toEqual([
    ["Order Completed", reason],
    ["Order Completed", reason],
  ]);
  const shown = await ask(100, "show", items[1].id);
  expect(shown).toMatch(/bob/);
  expect(shown).toMatch(/5000/);
  expect(JSON.parse(await ask(1_000, "replay", "--json"))).toEqual({ replayed: 1, kept: 1, unknown: [] });
  expect((await quarantine.list({ limit: 9 })).map(({ event }) => event.id)).toEqual(["m2"]);
  const entries = await Promise.all(Array.from({ length: 8 }, (_, p) => redis.xlen(`log:{p${p}}`)));
  expect(entries.reduce((sum, count) => sum + count, 0)).toBe(1);
  redis.disconnect();
});
