import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { type RetrainPayload, type RetrainResult, retrainJob } from "../../retraining/job.ts";
import { isFinished, type JobView, type RetrainQueue } from "../../retraining/queue.ts";
import { toJobView } from "./job-view.ts";
import { redisAway, redisFailure } from "./redis-failure.ts";
import { retrainKeys } from "./retrain-keys.ts";
import { watchJob } from "./watch-job.ts";

const DAY_S = 86_400;

export interface RetrainQueueOptions {
  /** A fail-fast connection, shared with others; it is not closed here. */
  readonly redis: Redis;
  /** Tests give each queue a name of its own. */
  readonly name?: string;
  /** How long an answer may take before Redis counts as away. */
  readonly patienceMs?: number;
  /** The pause before the second attempt; the third waits twice as long. */
  readonly backoffMs?: number;
}

/**
 * Retraining jobs on BullMQ, asked from the API. A model has one unfinished job at most (a deduplication key that
 * lives from asking to the end of the last attempt). Nothing waits in line for a Redis that is away: it is said at once.
 */
export function createRetrainQueue({
  redis,
  name,
  patienceMs = 3_000,
  backoffMs = 5_000,
}: RetrainQueueOptions): RetrainQueue & { close(): Promise<void> } {
  const keys = retrainKeys(name);
  let opened: Queue<RetrainPayload, RetrainResult> | undefined;

  /** Opened at the first use that finds Redis ready: a queue that was opened without it would never recover. */
  async function queue(): Promise<Queue<RetrainPayload, RetrainResult>> {
    if (opened) return opened;
    const fresh = new Queue<RetrainPayload, RetrainResult>(keys.queue, {
      connection: redis,
      prefix: keys.prefix,
      skipVersionCheck: true,
    });
    fresh.on("error", () => {}); // each call reports its own failure
    try {
      await fresh.waitUntilReady();
    } catch (error) {
      await fresh.close().catch(() => {});
      throw error;
    }
    opened ??= fresh;
    return opened;
  }

  async function promptly<A>(wanted: string, work: () => Promise<A>): Promise<A> {
    if (redis.status !== "ready") throw redisAway(wanted);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(redisAway(wanted)), patienceMs);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw redisFailure(error, wanted);
    } finally {
      clearTimeout(timer);
    }
  }

  async function find(id: string): Promise<JobView | undefined> {
    const jobs = await queue();
    // the state first: a job that ends in between is then seen as running once more, never as done without a result
    const state = await jobs.getJobState(id);
    const [job, asked] = await Promise.all([jobs.getJob(id), redis.exists(keys.cancelFlag(id))]);
    if (job) return toJobView(job, state, asked === 1);
    const ended = await redis.get(keys.cancelled(id));
    return ended === null ? undefined : (JSON.parse(ended) as JobView);
  }

  const job = (id: string) => promptly("to look up a job", () => find(id));

  return {
    job,

    ask: (payload) =>
      promptly("to queue a retraining", async () => {
        const data = retrainJob.payload.parse(payload);
        const { task = "retrain" } = data;
        const named = task === "retrain" ? data.model : `${task}-${data.model}`;
        const id = `${named}-${randomBytes(9).toString("base64url")}`;
        const added = await (await queue()).add(data.model, data, {
          jobId: id,
          deduplication: { id: `${task}-${data.model}` },
          attempts: 3,
          backoff: { type: "exponential", delay: backoffMs },
          removeOnComplete: { count: 1_000, age: 30 * DAY_S },
          removeOnFail: { count: 1_000, age: 30 * DAY_S },
        });
        return { id: String(added.id), alreadyRunning: added.id !== id };
      }),

    cancel: (id) =>
      promptly("to cancel a job", async () => {
        const seen = await find(id);
        if (seen === undefined || isFinished(seen)) return seen;
        await redis.set(keys.cancelFlag(id), "1", "EX", 7 * DAY_S);
        if (seen.state === "waiting") {
          const ended: JobView = { ...seen, state: "cancelled", endedAt: Date.now() };
          await redis.set(keys.cancelled(id), JSON.stringify(ended), "EX", 30 * DAY_S);
          // a worker may have taken it meanwhile: then it is locked, and the worker sees the flag
          await (await queue()).remove(id);
        }
        return find(id);
      }),

    events: (id) => watchJob(() => job(id), 250),

    async close() {
      await opened?.close();
    },
  };
}
