import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import type { Column } from "../../models/model.ts";
import { cellSql, createCategories } from "./cells.ts";
import type { FileColumn } from "./open-table.ts";

/** A model's column and the column of the file that it is read from. */
export interface Reading {
  readonly column: Column;
  readonly source: FileColumn;
}

/** What to select to have each reading as a DOUBLE: `SELECT <cells> FROM (SELECT *, <lanes> FROM …)`. */
export interface CellsSql {
  readonly cells: readonly string[];
  /** The texts and moments that cells are made of, named, so that each is made once a row. */
  readonly lanes: readonly string[];
}

/** Declares the vocabularies on the connection and says how each reading is selected. */
export async function cellsSql(
  connection: DuckDBConnection,
  readings: readonly Reading[],
  decimal: "." | ",",
): Promise<CellsSql> {
  const lanes = new Map<string, string>();
  const lane = (sql: string) => {
    const name = lanes.get(sql) ?? `lane_${lanes.size}`;
    lanes.set(sql, name);
    return name;
  };
  const cells: string[] = [];
  for (const [j, { column, source }] of readings.entries()) {
    const type = `categories_${j}`;
    const create = createCategories(column, type);
    if (create) await connection.run(create);
    cells.push(`(${cellSql(column, source, decimal, type, lane)})::DOUBLE`);
  }
  return { cells, lanes: [...lanes].map(([sql, name]) => `${sql} AS ${name}`) };
}

/**
 * Numbers out of DuckDB, column by column; NULL becomes NaN, infinities stay.
 *
 * @param sql selects DOUBLE columns in the file's order
 * @param rows how many rows it gives
 */
export async function readNumbers(
  connection: DuckDBConnection,
  sql: string,
  width: number,
  rows: number,
  onRows?: (read: number) => void,
): Promise<Float64Array[]> {
  const values = Array.from({ length: width }, () => new Float64Array(rows));
  const result = await connection.stream(sql);
  let read = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    copyNumbers(chunk, values, read);
    read += chunk.rowCount;
    onRows?.(read);
  }
  return values;
}

/** Copies a chunk of DOUBLE columns into `values` from row `at` on. */
export function copyNumbers(chunk: DuckDBDataChunk, values: readonly Float64Array[], at: number): void {
  for (let j = 0; j < values.length; j++) {
    const vector = chunk.getColumnVector(j);
    const column = values[j];
    for (let i = 0; i < chunk.rowCount; i++) column[at + i] = (vector.getItem(i) as number | null) ?? Number.NaN;
  }
}

/** Turns infinities (cells that the column does not know) into NaN, in place; answers how many there were. */
export function forgetUnknown(values: Float64Array): number {
  let unknown = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === Number.POSITIVE_INFINITY) {
      values[i] = Number.NaN;
      unknown++;
    }
  }
  return unknown;
}
