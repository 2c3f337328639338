import { z } from "zod";

/** The contract between the service that asks and the trainer that answers. Both import this, neither imports the other. */
export const retrainJob = {
  queue: "retrain",
  payload: z.strictObject({
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
}

export interface RetrainProgress {
  /** 0 … 1 */
  readonly done: number;
  readonly step: string;
}
