import { setTimeout as sleep } from "node:timers/promises";
import { type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { PortraitError } from "../src/errors.ts";
import type { Log } from "../src/log.ts";
import { type RetrainPayload, type RetrainProgress, type RetrainResult, retrainJob } from "../src/retraining/job.ts";
import { connectPatient } from "../src/stores/redis/connect.ts";
import { retrainKeys } from "../src/stores/redis/retrain-keys.ts";

/** One training, asked for by a job. The same job, run again, publishes the same version. */
export type Train = (
  payload: RetrainPayload,
  context: {
    readonly jobId: string;
    /** When the job was asked for, ms: names the version. */
    readonly askedAt: number;
    readonly onProgress: (progress: RetrainProgress) => void;
    /** Fires when the job is cancelled or the worker closes. */
    readonly signal: AbortSignal;
  },
) => Promise<RetrainResult>;

export interface TrainingWorkerOptions {
  readonly redisUrl: string;
  readonly train: Train;
  readonly log: Log;
  /** Tests give each queue a name of its own. */
  readonly queue?: string;
  /** How long a worker may be silent before another takes its job. */
  readonly lockMs?: number;
  readonly cancelEveryMs?: number;
  /** How long closing waits for Redis: 5 s. */
  readonly graceMs?: number;
}

const CANCELLED = "cancelled";
const CLOSING = "closing";

/**
 * Takes retraining jobs, one at a time: training wants the whole machine.
 *
 * A job that can never succeed fails at once, with its code in front of the reason; anything else is tried three
 * times. Closing gives the job in hand back to the queue, unharmed. Until a version is promoted the champion is
 * what it was, whatever happens here.
 */
export function startTrainingWorker({
  redisUrl,
  train,
  log,
  queue,
  lockMs = 30_000,
  cancelEveryMs = 1_000,
  graceMs = 5_000,
}: TrainingWorkerOptions): { close(): Promise<void> } {
  const keys = retrainKeys(queue);
  const redis = connectPatient(redisUrl); // the worker's own error event is logged below
  let inHand: AbortController | undefined;

  /** Looks for the flag that cancels the job until `over` fires. */
  async function heedCancellation(id: string, abort: AbortController, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      if (await redis.exists(keys.cancelFlag(id)).catch(() => 0)) return abort.abort(CANCELLED);
      await sleep(cancelEveryMs, undefined, { signal: over }).catch(() => {});
    }
  }

  async function run(job: Job<unknown, RetrainResult>, token?: string): Promise<RetrainResult> {
    const id = String(job.id);
    const payload = retrainJob.payload.safeParse(job.data);
    if (!payload.success) throw new UnrecoverableError(`INPUT_INVALID: ${payload.error.message}`);
    const abort = new AbortController();
    const over = new AbortController();
    inHand = abort;
    void heedCancellation(id, abort, over.signal);
    const { task, model } = payload.data;
    log.info({ job: id, ...(task && { task }), model, attempt: job.attemptsMade + 1 }, "retraining begins");
    try {
      return await train(payload.data, {
        jobId: id,
        askedAt: job.timestamp,
        onProgress: (progress) => void job.updateProgress({ ...progress }).catch(() => {}),
        signal: abort.signal,
      });
    } catch (error) {
      if (abort.signal.reason === CLOSING) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (abort.signal.reason === CANCELLED)
        throw new UnrecoverableError("JOB_CANCELLED: cancelled while it was running; nothing was published");
      if (error instanceof PortraitError) {
        const reason = `${error.code}: ${error.message}`;
        throw error.retry ? new Error(reason, { cause: error }) : new UnrecoverableError(reason);
      }
      throw error;
    } finally {
      over.abort();
      inHand = undefined;
    }
  }

  const worker = new Worker<unknown, RetrainResult>(keys.queue, run, {
    connection: redis,
    prefix: keys.prefix,
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: 2, // three tries, also for a job whose worker is killed
  });
  worker.on("completed", (job, result) => log.info({ job: job.id, ...result }, "retraining ends"));
  worker.on("failed", (job, error) => log.warn({ job: job?.id, reason: error.message }, "retraining failed"));
  worker.on("stalled", (job) => log.warn({ job }, "a retraining lost its worker and is tried again"));
  worker.on("error", (error) => log.warn({ reason: error.message }, "the training worker's connection failed"));

  return {
    async close() {
      inHand?.abort(CLOSING);
      // without Redis a polite end would wait for it for ever, and a second, impolite one is not heeded
      const away = redis.status !== "ready";
      await Promise.race([worker.close(away), sleep(graceMs, undefined, { ref: false })]);
      redis.disconnect();
    },
  };
}
