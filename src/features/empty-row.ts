import type { Row } from "./feature.ts";

/** A row in which everything is missing. */
export const emptyRow = (numbers: number, texts: number): Row => ({
  numbers: new Float64Array(numbers).fill(Number.NaN),
  texts: new Array<string | undefined>(texts).fill(undefined),
});
