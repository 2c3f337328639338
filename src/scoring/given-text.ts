import type { Scorer } from "./scorer.ts";

/**
 * Features that were read out of their JSON text without a JavaScript object between: the row of the one version that
 * they are for, and where the text stands, which the receipt keeps as the caller wrote it.
 */
export interface GivenText {
  readonly scorer: Scorer;
  readonly row: Float64Array;
  /** ASCII. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

export const textOf = ({ bytes, from, to }: GivenText): string => bytes.toString("latin1", from, to);
