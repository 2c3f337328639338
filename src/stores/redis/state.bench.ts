import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { type Bench, benchLine } from "../../../models/bench-line.ts";
import { createRandom } from "../../../models/random.ts";
import type { Event } from "../../events/event.ts";
import { DEFAULT_FEATURES } from "../../features/catalogue.ts";
import { createReducers } from "../../features/reducers.ts";
import { connectFailFast, whenReady } from "./connect.ts";
import { createRedisEventLog } from "./event-log.ts";
import { startIngestWorker } from "./ingest-worker.ts";
import { startPrivateRedis } from "./private-redis.ts";

const DAY_MS = 86_400_000;
const NAMES = ["Product Viewed", "Product Added", "Products Searched", "Order Completed", "Logged In"];
const CATEGORIES = ["shoes", "books", "hats", "toys", "garden"];

/** How much one entity costs: so many events, of so many entities, spread over so many days. */
const CASES = [
  { events: 20, entities: 5_000, days: 7, goal: 600 },
  { events: 20, entities: 5_000, days: 90, goal: 600 },
  { events: 200, entities: 500, days: 7, goal: 3_000 },
  { events: 200, entities: 500, days: 90, goal: 3_000 },
  { events: 100_000, entities: 1, days: 1, goal: undefined },
  { events: 300_000, entities: 1, days: 3, goal: undefined },
];

/**
 * Bytes an entity costs in Redis, all in: its state of the default catalogue, the message ids that are known of it, and
 * Redis's own cost of the keys. Measured as what `used_memory` gives back when those keys are deleted.
 *
 *     npm run bench -- state
 *
 * Events over 7 days are the dearest: all their ids lie within the horizon of 7 days.
 */
export const bench: Bench = async ({ say }) => {
  const lines = [];
  for (const { events, entities, days, goal } of CASES) {
    const bytes = await costOf(events, entities, days);
    const per = bytes / entities;
    say(`${events} events over ${days} days: ${per.toFixed(0)} bytes an entity`);
    lines.push(benchLine(`bytes an entity in Redis, ${events} events over ${days} days`, [per], "lower", goal));
  }
  return lines;
};

async function costOf(events: number, entities: number, days: number): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "portrait-state-"));
  const server = await startPrivateRedis({ dir: join(root, "redis"), fsync: "no" });
  const redis = connectFailFast(server.url);
  try {
    await whenReady(redis, 5_000);
    const worker = await startIngestWorker({
      ...{ redisUrl: server.url, partitions: 8, knownIdsMs: 7 * DAY_MS, lakeDir: join(root, "lake") },
      ...{ flushMs: 1_000, flushRows: 100_000, reducers: createReducers(DEFAULT_FEATURES) },
    });
    try {
      const log = createRedisEventLog({ redis, partitions: 8 });
      for (const some of historyOf(events, entities, days)) await log.append(some);
      await worker.idle();
    } finally {
      await worker.close();
    }
    return await givenBack(redis);
  } finally {
    redis.disconnect();
    await server.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Events as they would have come, oldest first, in groups of a thousand. */
function* historyOf(events: number, entities: number, days: number): Generator<Event[]> {
  const random = createRandom(11);
  const pick = <A>(list: readonly A[]): A => list[random.below(list.length)];
  const total = events * entities;
  const start = Date.now() - days * DAY_MS;
  let group: Event[] = [];
  for (let i = 0; i < total; i++) {
    const at = Math.floor(start + (days * DAY_MS * i) / total);
    group.push({
      ...{ id: `m-${i}`, name: pick(NAMES), at, known: at },
      entity: { kind: "user", id: `user-${i % entities}` },
      properties: { category: pick(CATEGORIES), revenue: random.below(20_000) / 100, device: `d${random.below(3)}` },
    });
    if (group.length < 1_000) continue;
    yield group;
    group = [];
  }
  yield group;
}

async function givenBack(redis: Redis): Promise<number> {
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  const keys = [...(await redis.keys("s:{p*")), ...(await redis.keys("i:{p*"))];
  const before = await used();
  for (let i = 0; i < keys.length; i += 1_000) await redis.del(...keys.slice(i, i + 1_000));
  return before - (await used());
}
