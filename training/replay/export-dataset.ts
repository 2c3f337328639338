import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DOUBLE,
  DuckDBDataChunk,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  UTINYINT,
  VARCHAR,
} from "@duckdb/node-api";
import type { Column, Numbers } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import { openDuckDB, sqlText } from "../../src/stores/lake/duckdb.ts";
import type { Replayed } from "./replay-dataset.ts";

const ROWS_A_CHUNK = 2_048;

interface Lane {
  readonly name: string;
  readonly type: DuckDBType;
  readonly at: (row: number) => DuckDBValue;
}

/**
 * Writes replayed rows as a table for people and other tools: `.parquet`, `.csv`, or `.csv.gz`.
 *
 * Columns: `entity`, `thing` (for event targets), `moment` (UTC), the features with categories in words, `label`.
 * With `part` (a word a row) there is a column `part`. Missing is NULL, an empty cell in CSV. The file appears under its name
 * when it is whole.
 *
 * @throws PortraitError FILE_UNREADABLE when the ending is another or the file cannot be written
 */
export async function exportDataset(replayed: Replayed, file: string, part?: readonly string[]): Promise<void> {
  const format = formatOf(file);
  const tmp = `${file}.${process.pid}.tmp`;
  const lanes = lanesOf(replayed);
  if (part) lanes.push({ name: "part", type: VARCHAR, at: (row) => part[row] });
  const tempDir = await mkdtemp(join(tmpdir(), "portrait-export-"));
  const room = await openDuckDB({ tempDir, memoryMb: 1_024, threads: 1 });
  try {
    const connection = await room.connect();
    try {
      await connection.run("SET preserve_insertion_order = true");
      const names = lanes.map(({ name, type }) => `"${name.replaceAll('"', '""')}" ${type}`);
      await connection.run(`CREATE TEMP TABLE rows (${names.join(", ")})`);
      const appender = await connection.createAppender("rows");
      for (let from = 0; from < replayed.data.rows; from += ROWS_A_CHUNK) {
        const count = Math.min(ROWS_A_CHUNK, replayed.data.rows - from);
        const chunk = DuckDBDataChunk.create(
          lanes.map((lane) => lane.type),
          count,
        );
        chunk.setColumns(lanes.map((lane) => Array.from({ length: count }, (_, i) => lane.at(from + i))));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      await connection.run(`COPY rows TO ${sqlText(tmp)} (${format})`);
    } finally {
      connection.closeSync();
    }
    await rename(tmp, file);
  } catch (error) {
    await rm(tmp, { force: true });
    if (error instanceof PortraitError) throw error;
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted to write ${file}, and could not: ${error instanceof Error ? error.message : String(error)}`,
      { file },
      error,
    );
  } finally {
    room.closeSync();
    await rm(tempDir, { recursive: true, force: true });
  }
}

/** @throws PortraitError FILE_UNREADABLE: worth asking before a long replay */
export const checkExportName = (file: string): void => void formatOf(file);

function formatOf(file: string): string {
  if (file.endsWith(".parquet")) return "FORMAT parquet, COMPRESSION zstd";
  if (file.endsWith(".csv")) return "FORMAT csv, HEADER";
  if (file.endsWith(".csv.gz")) return "FORMAT csv, HEADER, COMPRESSION gzip";
  throw new PortraitError(
    "FILE_UNREADABLE",
    `Wanted a file name that ends in .parquet, .csv or .csv.gz, found ${file}.`,
    { file },
  );
}

function lanesOf({ data, entity, thing }: Replayed): Lane[] {
  const { time } = data;
  return [
    { name: "entity", type: VARCHAR, at: (row) => entity[row] },
    ...(thing.length ? [{ name: "thing", type: VARCHAR, at: (row: number) => thing[row] }] : []),
    ...(time
      ? [
          {
            name: "moment",
            type: TIMESTAMP,
            at: (row: number) => new DuckDBTimestampValue(BigInt(Math.round(time[row])) * 1_000n),
          },
        ]
      : []),
    ...data.columns.map((column, j) => columnLane(column, data.values[j])),
    { name: "label", type: UTINYINT, at: (row) => data.label[row] },
  ];
}

function columnLane(column: Column, values: Numbers): Lane {
  const known = (row: number, say: (value: number) => DuckDBValue) =>
    Number.isNaN(values[row]) ? null : say(values[row]);
  return column.type === "category"
    ? { name: column.name, type: VARCHAR, at: (row) => known(row, (value) => column.categories[value]) }
    : { name: column.name, type: DOUBLE, at: (row) => known(row, (value) => value) };
}
