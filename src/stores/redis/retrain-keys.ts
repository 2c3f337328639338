import { retrainJob } from "../../retraining/job.ts";

/** Where the retraining queue and its cancellations live: one hash tag, so one slot of a Redis Cluster. */
export interface RetrainKeys {
  readonly queue: string;
  readonly prefix: string;
  /** Set when the end of a job is asked for. The worker that has it in hand looks every second. */
  cancelFlag(id: string): string;
  /** The last view of a job that was cancelled before a worker had begun it. */
  cancelled(id: string): string;
}

/** @param name of the queue; tests give each their own */
export function retrainKeys(name: string = retrainJob.queue): RetrainKeys {
  return {
    queue: name,
    prefix: "{portrait-jobs}",
    cancelFlag: (id) => `{portrait-jobs}:${name}:cancel:${id}`,
    cancelled: (id) => `{portrait-jobs}:${name}:cancelled:${id}`,
  };
}
