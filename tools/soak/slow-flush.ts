import type { FaultPoint } from "../../src/stores/redis/ingest-guards.ts";
import { type IngestWorkerOptions, startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";
import { applied, type Send, signal } from "./frozen-owner.ts";

/** Fewer than were sent, so that all partitions have some when the flush begins. */
const FLUSH_ROWS = 150;

/**
 * The disk stands still before a part is claimed. Meanwhile more events come, and then those that wait for the disk come
 * again: they are neither in the lake nor new, and the worker must know them all the same.
 *
 * @param options of a worker that nobody else is; faults and flushes are set here
 * @param again sends those of the last `send` but one once more
 */
export async function flushSlowly(options: IngestWorkerOptions, send: Send, again: () => Promise<void>): Promise<void> {
  const waiting = signal();
  const mended = signal();
  const fault = async (point: FaultPoint) => {
    if (point !== "before-claim") return;
    waiting.resolve();
    await mended.promise;
  };
  const worker = await startIngestWorker({ ...options, flushMs: 600_000, flushRows: FLUSH_ROWS, fault });
  try {
    await applied(worker, send);
    await Promise.race([waiting.promise, worker.ended]);
    await applied(worker, send);
    await applied(worker, again);
    mended.resolve();
    await worker.idle();
  } finally {
    mended.resolve();
    await worker.close();
  }
}
