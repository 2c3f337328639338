import type { Redis } from "ioredis";
import type { IngestWorker } from "../stores/redis/ingest-worker.ts";
import { whenApplied } from "../stores/redis/when-applied.ts";

/**
 * Waits until all that is in the log is applied and in the lake, where a command runs a worker of its own.
 *
 * A worker rests when it is through with the partitions that it has. One that was killed a moment ago keeps its own until
 * their leases end, so first the cursors of all of them are waited for.
 *
 * @throws what ended the worker
 */
export async function applyAll(worker: Pick<IngestWorker, "idle">, redis: Redis, partitions: number): Promise<void> {
  await whenApplied(redis, partitions, 0);
  await worker.idle();
}
