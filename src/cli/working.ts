import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { loadDeclarations, reducersOf } from "../stores/disk/declarations.ts";
import { type IngestStats, startIngestWorker } from "../stores/redis/ingest-worker.ts";
import { erasing } from "./erasing.ts";
import { ingestOptions } from "./ingest-options.ts";

export interface Working {
  /** Stops taking events and jobs; the job in hand goes back to the queue. */
  close(): Promise<void>;
  /** Rejects when the worker ended by itself for a reason that trying again does not cure. */
  readonly ended: Promise<void>;
  /** What it has done with events so far. */
  stats(): IngestStats;
}

const COMPACT_EVERY_MS = 3_600_000;

/** Events into states and the lake, and retraining jobs, each in a child process of its own. */
export async function startWorking(
  config: Config,
  { redisUrl, log, memoryMb }: { readonly redisUrl: string; readonly log: Log; readonly memoryMb?: number },
): Promise<Working> {
  const declarations = loadDeclarations(config.declarations);
  const [{ startTrainingWorker }, { trainInChild }] = await Promise.all([
    import("../../training/worker.ts"),
    import("../../training/train-in-child.ts"),
  ]);
  const reducers = reducersOf(declarations);
  const ingest = await startIngestWorker({
    redisUrl,
    ...ingestOptions(config),
    reducers,
    compactEveryMs: COMPACT_EVERY_MS,
    log,
  });
  const train = trainInChild({ env: { ...process.env, REDIS_URL: redisUrl }, memoryMb });
  const training = startTrainingWorker({ redisUrl, train, log });
  const stopErasing = erasing(config, { redisUrl, reducers, log });
  return {
    ended: ingest.ended,
    stats: ingest.stats,
    async close() {
      await stopErasing(); // before the worker that its log needs
      await training.close();
      await ingest.close();
    },
  };
}
