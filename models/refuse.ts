import type { Column } from "./model.ts";

/** A model refuses rows that do not have its columns. */
export function refuseRow(columns: readonly Column[], length: number): void {
  if (length !== columns.length)
    throw new RangeError(`wanted a row of ${columns.length} columns, as in training, found ${length}`);
}
