import type { JobState as BullState, Job } from "bullmq";
import { CODES, type ErrorCode } from "../../errors.ts";
import type { RetrainPayload, RetrainProgress, RetrainResult } from "../../retraining/job.ts";
import type { JobState, JobView } from "../../retraining/queue.ts";

/** "DATASET_TOO_SMALL: wanted …" as the worker writes it, taken apart; a reason without a code of ours is a bug. */
export function readFailure(reason: string): { code: ErrorCode | "INTERNAL"; message: string } {
  const match = /^([A-Z_]+): ([\s\S]*)$/.exec(reason);
  if (match && Object.hasOwn(CODES, match[1])) return { code: match[1] as ErrorCode, message: match[2] };
  return { code: "INTERNAL", message: reason };
}

/** What a job of the queue's library is to the one who asked for it. */
export function toJobView(
  job: Job<RetrainPayload, RetrainResult>,
  state: BullState | "unknown",
  cancelAsked: boolean,
): JobView {
  const failure = state === "failed" ? readFailure(job.failedReason ?? "") : undefined;
  const seen: JobState =
    state === "completed"
      ? "done"
      : state === "active"
        ? "running"
        : failure === undefined
          ? "waiting"
          : cancelAsked || failure.code === "JOB_CANCELLED"
            ? "cancelled"
            : "failed";
  const progress = job.progress as Partial<RetrainProgress> | number;
  return {
    id: String(job.id),
    ...(job.data.task && { task: job.data.task }),
    model: job.data.model,
    reason: job.data.reason,
    state: seen,
    askedAt: job.timestamp,
    ...(job.processedOn !== undefined && { startedAt: job.processedOn }),
    ...((seen === "done" || failure) && job.finishedOn !== undefined && { endedAt: job.finishedOn }),
    attempts: job.attemptsStarted,
    ...(typeof progress === "object" && progress.step !== undefined && { progress: progress as RetrainProgress }),
    ...(seen === "done" && { result: job.returnvalue }),
    ...(seen === "failed" && failure && { failure }),
  };
}
