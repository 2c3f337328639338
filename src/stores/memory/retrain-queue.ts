import { isFinished, type JobView, type RetrainQueue } from "../../retraining/queue.ts";

/** A queue in memory, and the hand of a worker that tests move themselves. */
export interface MemoryRetrainQueue extends RetrainQueue {
  /** Changes a job as a worker would; those who listen to it hear it. */
  change(id: string, change: Partial<JobView>): void;
}

/** The memory twin of the retraining queue: nobody works on its jobs but `change`. */
export function createMemoryRetrainQueue({
  clock = Date.now,
}: {
  readonly clock?: () => number;
} = {}): MemoryRetrainQueue {
  const jobs = new Map<string, JobView>();
  const listeners = new Map<string, Set<() => void>>();

  function put(job: JobView): JobView {
    jobs.set(job.id, job);
    for (const hear of listeners.get(job.id) ?? []) hear();
    return job;
  }

  return {
    async ask({ task, model, reason }) {
      const running = [...jobs.values()].find((job) => job.task === task && job.model === model && !isFinished(job));
      if (running) return { id: running.id, alreadyRunning: true };
      const { id } = put({
        id: `job-${jobs.size + 1}`,
        ...(task && { task }),
        model,
        reason,
        state: "waiting",
        askedAt: clock(),
        attempts: 0,
      });
      return { id, alreadyRunning: false };
    },
    job: async (id) => jobs.get(id),
    async cancel(id) {
      const job = jobs.get(id);
      return job && !isFinished(job) ? put({ ...job, state: "cancelled", endedAt: clock() }) : job;
    },
    events(id) {
      let said: JobView | undefined;
      let wake = () => {};
      let left = false;
      const hear = () => wake();
      const stop = () => {
        left = true;
        listeners.get(id)?.delete(hear);
        wake();
      };
      return {
        [Symbol.asyncIterator]: () => ({
          async next(): Promise<IteratorResult<JobView>> {
            listeners.set(id, (listeners.get(id) ?? new Set()).add(hear));
            while (!left && jobs.get(id) === said && said && !isFinished(said)) {
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            }
            const job = jobs.get(id);
            if (left || !job || job === said) {
              stop();
              return { done: true, value: undefined };
            }
            said = job;
            return { done: false, value: job };
          },
          async return(): Promise<IteratorResult<JobView>> {
            stop();
            return { done: true, value: undefined };
          },
        }),
      };
    },
    change(id, change) {
      const job = jobs.get(id);
      if (job) put({ ...job, ...change });
    },
  };
}
