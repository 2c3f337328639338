import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { EventLog, Lake } from "../../src/events/event-log.ts";
import type { Reducer } from "../../src/features/feature.ts";
import { oneReducer, type Reducers } from "../../src/features/reducers.ts";
import type { StateStore } from "../../src/features/state-store.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import {
  type IngestWorker,
  type IngestWorkerOptions,
  startIngestWorker,
} from "../../src/stores/redis/ingest-worker.ts";
import { createRedisStateStore } from "../../src/stores/redis/state-store.ts";
import { tempDir } from "./temp-dir.ts";

export interface RedisHouse {
  readonly log: EventLog;
  readonly states: StateStore;
  readonly lake: Lake & { close(): Promise<void> };
  readonly redis: Redis;
  readonly lakeDir: string;
  readonly partitions: number;
  /** Starts a worker; it is closed when the test is over. */
  work(options?: Partial<IngestWorkerOptions>): Promise<IngestWorker>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Redis emptied, a lake folder of its own, and the real stores on both; no worker yet. */
export async function redisHouse(url: string, reducer: Reducer | Reducers, partitions = 3): Promise<RedisHouse> {
  const reducers = "of" in reducer ? reducer : oneReducer(reducer);
  const redis = connectFailFast(url);
  await whenReady(redis, 60_000);
  await redis.flushall();
  const root = tempDir();
  const lakeDir = join(root, "lake");
  const lake = createParquetLake(lakeDir, { memoryMb: 200, threads: 1 });
  const workers: IngestWorker[] = [];
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await Promise.all(workers.map((worker) => worker.close()));
    await lake.close();
    redis.disconnect();
    rmSync(root, { recursive: true, force: true });
  };
  onTestFinished(close);
  return {
    log: createRedisEventLog({ redis, partitions }),
    states: createRedisStateStore({ redis, partitions, digest: reducers.digest }),
    lake,
    redis,
    lakeDir,
    partitions,
    async work(options = {}) {
      const worker = await startIngestWorker({
        redisUrl: url,
        partitions,
        knownIdsMs: 7 * 86_400_000,
        lakeDir,
        flushMs: 60_000,
        flushRows: 100_000,
        reducers,
        ...options,
      });
      workers.push(worker);
      return worker;
    },
    [Symbol.asyncDispose]: close,
  };
}
