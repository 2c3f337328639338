import { loadConfig } from "../src/config.ts";
import type { RetrainProgress } from "../src/retraining/job.ts";
import { failureReport, type Order, type Report } from "./child-messages.ts";
import { composeTraining } from "./compose.ts";
import { jobRunner } from "./run-job.ts";

/**
 * The training process: takes one order from the worker that forked it, trains, reports, ends. It ends at once when
 * the worker is gone, and stops learning when it is asked to.
 */
const PROGRESS_EVERY_MS = 200;
const abort = new AbortController();
const say = (report: Report) => process.connected && process.send?.(report);

/** Steps as they come, but not more often than somebody can read them. */
function throttled(tell: (progress: RetrainProgress) => void): (progress: RetrainProgress) => void {
  let toldAt = 0;
  let step = "";
  return (progress) => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_EVERY_MS && progress.step === step) return;
    toldAt = now;
    step = progress.step;
    tell(progress);
  };
}

async function obey({ payload, jobId, askedAt }: Order): Promise<Report> {
  const config = loadConfig(process.env);
  const workshop = await composeTraining(config, config.redis.url);
  try {
    const result = await jobRunner(workshop)(payload, {
      jobId,
      askedAt,
      onProgress: throttled((progress) => say({ kind: "progress", progress })),
      signal: abort.signal,
    });
    return { kind: "result", result };
  } finally {
    await workshop.close();
  }
}

process.once("SIGTERM", () => abort.abort(new Error("The worker asked this training to end")));
process.once("SIGINT", () => {}); // Ctrl-C reaches the whole group: the worker decides
process.once("message", async (order: Order) => {
  const report = await obey(order).catch(failureReport);
  if (!process.connected) process.exit(1);
  process.send?.(report, () => process.exit(report.kind === "result" ? 0 : 1));
});
process.once("disconnect", () => process.exit(1));
