import type { Config } from "../config.ts";
import { PortraitError } from "../errors.ts";
import type { JobView, RetrainQueue } from "../retraining/queue.ts";
import { connectFailFast, whenReady } from "../stores/redis/connect.ts";
import { findRedis } from "../stores/redis/open-redis.ts";
import { createRetrainQueue } from "../stores/redis/retrain-queue.ts";
import { progressBar } from "./progress.ts";

/** The queue of the Redis that is found, opened for one piece of work. @throws REDIS_AWAY */
export async function withQueue<A>(config: Config, work: (queue: RetrainQueue) => Promise<A>): Promise<A> {
  const found = await findRedis(config);
  if (!found)
    throw new PortraitError(
      "REDIS_AWAY",
      "Wanted the Redis that holds the jobs, found none. Set REDIS_URL, or run `portrait up` in this folder.",
    );
  const redis = connectFailFast(found.url);
  const queue = createRetrainQueue({ redis });
  try {
    await whenReady(redis, 2_000);
    return await work(queue);
  } finally {
    await queue.close();
    redis.disconnect();
  }
}

export const unknownJob = (id: string): PortraitError =>
  new PortraitError("JOB_UNKNOWN", `There is no job ${id}. Finished jobs are kept for a month, the newest 1,000.`, {
    id,
  });

/** Shows a job's progress to its end. Sets the exit code when it did not end well. */
export async function watch(queue: RetrainQueue, id: string, json: boolean, title = "Retraining"): Promise<void> {
  let last: JobView | undefined;
  const bar = progressBar(title, { quiet: json });
  for await (const view of queue.events(id)) {
    last = view;
    if (view.progress) bar.update(view.progress.done, view.progress.step);
    else if (view.state === "waiting") bar.update(0, "waiting for the worker");
  }
  if (!last) throw unknownJob(id);
  bar.end(last.state === "done" ? "" : last.state);
  show(last, json);
}

export function show(view: JobView, json: boolean): void {
  const { id, model, state, attempts, progress, result, failure } = view;
  if (state === "failed" || state === "cancelled") process.exitCode = 1;
  if (json) return void process.stdout.write(`${JSON.stringify(view)}\n`);
  const words =
    (result?.file && `${result.why}\n  ${result.file}`) ??
    (result && `${result.version} ${result.promoted ? "answers now" : "was kept back"}\n  ${result.why}`) ??
    (failure && `${failure.code}: ${failure.message}`) ??
    (progress && `${Math.floor(100 * progress.done)} %, ${progress.step}`) ??
    `begun ${attempts} ${attempts === 1 ? "time" : "times"}`;
  process.stdout.write(`${model}  ${state}  ${words}\n  job ${id}\n`);
}
