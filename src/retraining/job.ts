import { z } from "zod";

/** What the one worker that wants the whole machine does. */
export const TASKS = ["retrain", "score-all"] as const;
export type Task = (typeof TASKS)[number];

/** The contract between the service that asks and the trainer that answers. Both import this, neither imports the other. */
export const retrainJob = {
  queue: "retrain",
  payload: z.strictObject({
    /** `score-all`: not a training, but the scores of everybody by the champion. Absent = `retrain`. */
    task: z.enum(TASKS).optional(),
    /** A recipe's name, or "segments". */
    model: z.string(),
    /** Nothing known later than this moment (ms) is learned from; absent = all that is in the log. */
    until: z.number().optional(),
    reason: z.enum(["schedule", "feedback", "drift", "manual"]),
    seed: z.number().int(),
  }),
} as const;

export type RetrainPayload = z.infer<typeof retrainJob.payload>;

export interface RetrainResult {
  readonly model: string;
  readonly version: string;
  readonly promoted: boolean;
  readonly why: string;
  /** Of `score-all`: how many were scored, how many the model could not calculate with, and the file below var. */
  readonly scored?: number;
  readonly failed?: number;
  readonly file?: string;
}

export interface RetrainProgress {
  /** 0 … 1 */
  readonly done: number;
  readonly step: string;
}
