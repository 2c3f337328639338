import { open } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { PortraitError } from "../../errors.ts";
import type { Record as Line } from "../../events/delimited.ts";
import type { RowSource } from "../../events/map-file.ts";
import { sqlText } from "./duckdb.ts";

/** Whether a file begins as Parquet files do. False when it cannot be read: who reads it next says why. */
export async function isParquet(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const magic = Buffer.alloc(4);
      await file.read(magic, 0, 4, 0);
      return magic.toString("latin1") === "PAR1";
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

/**
 * The rows of a Parquet file of anybody's as texts, so that a mapping reads them as it reads a delimited file: moments
 * in ISO 8601 (UTC), numbers in the shortest form that gives the same number, nothing for null and for NaN, which is how
 * data frames write it, lists and structs as DuckDB writes them. A row's line is its place in the file, from 1. In bounded memory, row group by row group.
 *
 * @throws PortraitError FILE_UNREADABLE
 */
export async function openParquetRows(path: string): Promise<RowSource & { close(): void }> {
  const db = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "512MB" });
  const connection = await db.connect();
  const close = () => {
    connection.closeSync();
    db.closeSync();
  };
  try {
    const described = await read(connection, `DESCRIBE SELECT * FROM read_parquet(${sqlText(path)})`);
    const columns = described.map(([name, type]) => ({ name: String(name), type: String(type) }));
    const [[total]] = await read(connection, `SELECT count(*)::DOUBLE FROM read_parquet(${sqlText(path)})`);
    const select = columns.map(({ name, type }) => `coalesce(${asText(name, type)}, '')`).join(", ");
    let rows = 0;
    async function* pages(): AsyncGenerator<Line[]> {
      try {
        const result = await connection.stream(`SELECT ${select} FROM read_parquet(${sqlText(path)})`);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (!chunk || chunk.rowCount === 0) return;
          const page = chunk.getRows().map((fields, i): Line => ({ line: rows + i + 1, fields: fields as string[] }));
          rows += page.length;
          yield page;
        }
      } catch (error) {
        throw unreadable(path, error);
      }
    }
    return {
      header: columns.map(({ name }) => name),
      pages: pages(),
      done: () => (Number(total) === 0 ? 1 : rows / Number(total)),
      close,
    };
  } catch (error) {
    close();
    throw unreadable(path, error);
  }
}

async function read(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

function asText(name: string, type: string): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  if (type === "TIMESTAMP WITH TIME ZONE") return `CAST(make_timestamp(epoch_us(${column})) AS VARCHAR)`;
  if (type === "BLOB") return `decode(${column})`;
  if (type === "DOUBLE" || type === "FLOAT")
    return `CASE WHEN NOT isnan(${column}) THEN CAST(${column} AS VARCHAR) END`;
  return `CAST(${column} AS VARCHAR)`;
}

function unreadable(path: string, error: unknown): PortraitError {
  if (error instanceof PortraitError) return error;
  const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return new PortraitError("FILE_UNREADABLE", `Wanted to read the Parquet file ${path}: ${why}.`, { path }, error);
}
