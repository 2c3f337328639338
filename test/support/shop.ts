import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../src/events/event.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { runningPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { tempDir } from "./temp-dir.ts";

/** A var folder whose `purchase` reads four features, so that it learns fast, and whose lake is written soon. */
export function quickShop(): { readonly root: string; readonly env: Record<string, string> } {
  const root = tempDir();
  const config = join(root, "portrait.config.json");
  const purchase = {
    name: "purchase",
    about: "buys within 30 days",
    positive: "will buy",
    target: { kind: "event-within", event: "Order Completed", days: 30 },
    features: ["orders_400d", "days_since_order", "days_since_seen", "views_7d"],
    gate: { minRows: 200, minPositives: 20, aucSlack: 1 },
  };
  writeFileSync(config, JSON.stringify({ recipes: [purchase] }));
  return { root, env: { PORTRAIT_VAR: root, PORTRAIT_CONFIG: config, PORTRAIT_FLUSH_MS: "200" } };
}

/** Brings history into a running portrait as an import would, and waits until it lies in the lake. */
export async function importHistory(root: string, events: readonly Event[]): Promise<void> {
  const url = await runningPrivateRedis(join(root, "redis"));
  if (!url) throw new Error(`no private Redis runs in ${root}`);
  const redis = connectFailFast(url);
  const lake = createParquetLake(join(root, "lake"));
  try {
    await whenReady(redis, 60_000);
    const log = createRedisEventLog({ redis, partitions: 8 });
    const before = (await lake.summary()).events;
    for (let at = 0; at < events.length; at += 2_000) await log.append(events.slice(at, at + 2_000));
    while ((await lake.summary()).events < before + events.length) await new Promise((done) => setTimeout(done, 100));
  } finally {
    redis.disconnect();
    await lake.close();
  }
}
