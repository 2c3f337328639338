import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../model.ts";
import { rowMajor } from "./bench-data.ts";

const ROWS = 10_000;

/** A table as files, a piece at a time: `name` holds its columns one after the other, `name.rows` its rows, `name.label` its labels. */
export function writeTable(folder: string, name: string, data: Dataset): void {
  const values = data.values as readonly Float32Array[];
  const columns = openSync(join(folder, name), "w");
  for (const column of values) writeSync(columns, Buffer.from(column.buffer, column.byteOffset, column.byteLength));
  closeSync(columns);
  const rows = openSync(join(folder, `${name}.rows`), "w");
  for (let from = 0; from < data.rows; from += ROWS) {
    const end = Math.min(data.rows, from + ROWS);
    const part = { ...data, rows: end - from, values: values.map((column) => column.subarray(from, end)) };
    writeSync(rows, Buffer.from(rowMajor(part).buffer));
  }
  closeSync(rows);
  writeFileSync(join(folder, `${name}.label`), data.label);
}
