import { PortraitError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { compactLake } from "../lake/compact-lake.ts";

export interface CompactionOptions {
  readonly lakeDir: string;
  /** How often; 0 = never. */
  readonly everyMs: number;
  /** The partitions that this worker applies now. */
  readonly mine: () => ReadonlySet<number>;
  readonly log: Log;
}

/**
 * Compacts the worker's own partitions now and then. A compaction that fails is told and tried again at its next turn:
 * the lake reads the same without it.
 *
 * @returns close: waits for the one under way
 */
export function startCompaction({ lakeDir, everyMs, mine, log }: CompactionOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const turn = async () => {
    const partitions = mine();
    if (partitions.size === 0) return;
    try {
      const done = await compactLake({ dir: lakeDir, partitions, memoryMb: 256 });
      if (done.into + done.removed > 0) log.info({ ...done }, "the lake was compacted");
    } catch (error) {
      const code = error instanceof PortraitError ? error.code : undefined;
      if (code === "VAR_IN_USE") return; // another worker is at it
      log.warn({ code, reason: error instanceof Error ? error.message : String(error) }, "the lake was not compacted");
    }
  };
  if (everyMs <= 0) return async () => {};
  const timer = setInterval(() => {
    running = running.then(turn);
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
