import type { Scorer } from "./scorer.ts";

/**
 * Features that were read out of their JSON text without a JavaScript object between: the row of the one version that
 * they are for, and where the text stands, which the receipt keeps as the caller wrote it.
 */
export interface GivenText {
  readonly scorer: Scorer;
  readonly row: Float64Array;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Features of many, all for one version, read out of one text. */
export interface GivenRows {
  readonly scorer: Scorer;
  readonly count: number;
  /** Row by row, NaN = missing; there may be room behind the last. */
  readonly values: Float64Array;
  readonly bytes: Buffer;
  /** Where the text of each row begins, and where it ends. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly receipt: "kept" | "none" | undefined;
}

export const textOf = ({ bytes, from, to }: Pick<GivenText, "bytes" | "from" | "to">): string =>
  bytes.toString("utf8", from, to);
