import type { ErrorCode } from "../errors.ts";
import type { RetrainPayload, RetrainProgress, RetrainResult, Task } from "./job.ts";

/**
 * The life of a retraining job: waiting → running → done | failed | cancelled.
 * A failed attempt that may succeed later goes back to waiting; the last three states are final.
 */
export const JOB_STATES = ["waiting", "running", "done", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A job as the one who asked for it sees it. */
export interface JobView {
  readonly id: string;
  /** Absent = `retrain`. */
  readonly task?: Task;
  readonly model: string;
  readonly reason: RetrainPayload["reason"];
  readonly state: JobState;
  /** Moments in ms since 1970 UTC; absent until they have come. */
  readonly askedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** How often it has been begun. */
  readonly attempts: number;
  /** Absent until the worker has said something. */
  readonly progress?: RetrainProgress;
  /** Present when `state` is "done". */
  readonly result?: RetrainResult;
  /** Present when `state` is "failed"; for a failure without a code of ours, INTERNAL. */
  readonly failure?: { readonly code: ErrorCode | "INTERNAL"; readonly message: string };
}

export const isFinished = (job: JobView): boolean =>
  job.state === "done" || job.state === "failed" || job.state === "cancelled";

/** Where the service asks for retraining. Every method throws REDIS_AWAY at once when the queue is not there. */
export interface RetrainQueue {
  /**
   * Queues a retraining, or another task. A model has one unfinished job of a task at most: asking again answers it.
   *
   * @throws REDIS_AWAY, REDIS_FULL: nothing was queued.
   */
  ask(payload: RetrainPayload): Promise<{ readonly id: string; readonly alreadyRunning: boolean }>;
  /** The job, or undefined when there is none (finished jobs are kept for a while only). */
  job(id: string): Promise<JobView | undefined>;
  /** Asks for its end and answers the job as it then is; a finished job stays as it is. Undefined when there is none. */
  cancel(id: string): Promise<JobView | undefined>;
  /**
   * The job now, then each time it changes; ends after the finished view. Ends at once when there is no such job.
   * `return()` on the iterator (leaving a `for await`) frees what it holds, also while it waits.
   */
  events(id: string): AsyncIterable<JobView>;
}
