import { type ErrorCode, PortraitError } from "../src/errors.ts";
import type { RetrainPayload, RetrainProgress, RetrainResult } from "../src/retraining/job.ts";

/** What the worker tells the training process: one order, once. */
export interface Order {
  readonly payload: RetrainPayload;
  readonly jobId: string;
  readonly askedAt: number;
}

/** What the training process tells the worker. After `result` or `failure` it ends. */
export type Report =
  | { readonly kind: "progress"; readonly progress: RetrainProgress }
  | { readonly kind: "result"; readonly result: RetrainResult }
  | { readonly kind: "failure"; readonly code?: ErrorCode; readonly message: string };

export const failureReport = (error: unknown): Report =>
  error instanceof PortraitError
    ? { kind: "failure", code: error.code, message: error.message }
    : { kind: "failure", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };

export const toError = ({ code, message }: Extract<Report, { kind: "failure" }>): Error =>
  code === undefined ? new Error(message) : new PortraitError(code, message);
