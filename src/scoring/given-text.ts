import type { ScoreRequest } from "./score.ts";
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
  readonly receipt: "kept" | "none" | undefined;
  /** Where the text of each row begins and ends, for the receipts; there need be none without. */
  readonly texts?: { readonly bytes: Buffer; readonly from: readonly number[]; readonly to: readonly number[] };
  /** The same as requests of their own, for a champion that came since they were read. */
  readonly requests: () => ScoreRequest[];
}

export const textOf = ({ bytes, from, to }: Pick<GivenText, "bytes" | "from" | "to">): string =>
  bytes.toString("utf8", from, to);
