import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../src/config.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { type PrivateRedis, startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRetrainQueue } from "../../src/stores/redis/retrain-queue.ts";
import { Actor } from "./actor.ts";
import { buildForSoak } from "./build.ts";
import { freePort } from "./free-port.ts";
import { startDriver } from "./service-driver.ts";
import { declareShop } from "./service-shop.ts";

export type ServiceHouse = Awaited<ReturnType<typeof openServiceHouse>>;

const KEY = "service-soak-key-of-no-consequence";
const AWAY_MS = 1_500;
const RETURNS_WITHIN_MS = 90_000;
/** Receipts live so long here, so that ten minutes of them do not fill the machine. */
const RECEIPT_DAYS = 4 / 1_440;

/** API, worker, private Redis and load as processes of their own, and connections to look at them. */
export async function openServiceHouse({ leak, complain }: { leak: boolean; complain: (what: string) => void }) {
  const root = mkdtempSync(join(tmpdir(), "portrait-soak-"));
  const build = buildForSoak(["src", "models", "training", "tools/soak"]);
  const port = await freePort();
  const settings = {
    ...{ PORTRAIT_VAR: root, PORTRAIT_CONFIG: declareShop(root), PORTRAIT_API_KEY: KEY, PORT: String(port) },
    ...{ PORTRAIT_RECEIPT_DAYS: String(RECEIPT_DAYS), PORTRAIT_FLUSH_MS: "1000", LOG_LEVEL: "info" },
  };
  const config = loadConfig(settings);
  const startRedis = () => startPrivateRedis({ dir: config.paths.redis, fsync: "always" });
  let server: PrivateRedis = await startRedis();
  let over = false;
  const portrait = (name: "serve" | "work", before: readonly string[] = []) =>
    new Actor({
      name,
      restartMs: 1_000,
      command: () => [process.execPath, [...before, build.file("src/cli/main.ts"), name, "--json"]],
      env: { ...settings, REDIS_URL: server.url, NODE_ENV: "production" },
      onEnd: (killed, how, said) => {
        if (!killed && !over) complain(`${name} ended by itself with ${how}: ${said.trim().slice(-400)}`);
      },
    });
  const api = portrait("serve", leak ? ["--import", build.file("tools/soak/service-leak.ts")] : []);
  const worker = portrait("work");
  const driver = startDriver(build.file("tools/soak/service-load.ts"));
  const redis = connectFailFast(server.url);
  const lake = createParquetLake(config.paths.lake, { memoryMb: 300, threads: 1 });
  const queue = createRetrainQueue({ redis });
  await whenReady(redis, 5_000);
  return {
    ...{ config, port, key: KEY, api, worker, driver, redis, lake, queue },
    /** Resident memory of the API, MB; undefined when it is away, or when this is no Linux. */
    apiMb: () => (api.pid === undefined ? undefined : residentMb(api.pid)),
    /** Ends Redis and starts it again with the same data. Answers how long it was away, ms. */
    async restartRedis(signal: "SIGTERM" | "SIGKILL"): Promise<number> {
      const from = Date.now();
      await (signal === "SIGTERM" ? server.close() : server.kill());
      await sleep(AWAY_MS);
      server = await startRedis();
      while (!(await whenReady(redis, 1_000)))
        if (Date.now() > from + RETURNS_WITHIN_MS) throw new Error("Redis stays away");
      return Date.now() - from;
    },
    async close(): Promise<void> {
      over = true;
      driver.close();
      await Promise.all([api.stop(), worker.stop()]);
      await queue.close();
      redis.disconnect();
      await lake.close();
      await server.close();
      rmSync(root, { recursive: true, force: true });
      build.remove();
    },
  };
}

function residentMb(pid: number): number | undefined {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found ? Number(found[1]) / 1_024 : undefined;
  } catch {
    return undefined;
  }
}
