import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { EntityRef } from "../events/event.ts";
import { openDuckDB, sqlText } from "../stores/lake/duckdb.ts";
import { syncFile, syncFolder } from "../stores/lake/lake-writer.ts";

/** What other parts of the erasure look after, or what holds no rows of people. */
const ELSEWHERE = ["lake", "redis", "artifacts", "audit", "segments", "tmp"];
const TABLE = /\.(parquet|csv|csv\.gz)$/;

export interface TablesErased {
  readonly tables: number;
  readonly tableRows: number;
}

/**
 * Takes a person's rows out of the tables below a var folder that were made from the log: exports of training rows,
 * scores of whole populations. A table is looked at when it has a column `entity` or `id`; where it has a column `kind`
 * too, that must fit. Each is written again aside, and renamed.
 */
export async function eraseTables(root: string, { kind, id }: EntityRef): Promise<TablesErased> {
  const done = { tables: 0, tableRows: 0 };
  const files = tablesBelow(root);
  if (files.length === 0) return done;
  const db = await openDuckDB({ tempDir: join(root, "tmp"), memoryMb: 512, threads: 1 });
  const connection = await db.connect();
  try {
    await connection.run("SET preserve_insertion_order = true");
    for (const file of files) {
      const rows = await eraseFrom(connection, file, { kind, id });
      if (rows === 0) continue;
      done.tables++;
      done.tableRows += rows;
    }
    return done;
  } finally {
    connection.closeSync();
    db.closeSync();
  }
}

/** Every table of the user's below a var folder. */
export function tablesBelow(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !ELSEWHERE.includes(name))
    .flatMap((one) => {
      const path = join(root, one.name);
      if (!one.isDirectory()) return TABLE.test(one.name) ? [path] : [];
      return readdirSync(path, { recursive: true, encoding: "utf8" })
        .filter((name) => TABLE.test(name))
        .map((name) => join(path, name));
    })
    .sort();
}

/** Where a table names entities; undefined when it names none. */
export async function columnsOf(
  connection: DuckDBConnection,
  file: string,
): Promise<{ readonly rows: string; readonly column: string; readonly hasKind: boolean } | undefined> {
  const rows = file.endsWith(".parquet")
    ? `read_parquet(${sqlText(file)})`
    : `read_csv(${sqlText(file)}, header = true, all_varchar = true)`;
  const described = await (await connection.run(`DESCRIBE SELECT * FROM ${rows}`)).getRows();
  const columns = described.map(([name]) => String(name));
  const column = ["entity", "id"].find((name) => columns.includes(name));
  return column === undefined ? undefined : { rows, column, hasKind: columns.includes("kind") };
}

async function eraseFrom(connection: DuckDBConnection, file: string, entity: EntityRef): Promise<number> {
  const table = await columnsOf(connection, file);
  if (!table) return 0;
  const { rows, column, hasKind } = table;
  const ofKind = hasKind ? ` AND kind::VARCHAR = ${sqlText(entity.kind)}` : "";
  const condition = `coalesce(${column}::VARCHAR = ${sqlText(entity.id)}${ofKind}, false)`;
  const counted = await connection.run(`SELECT count(*)::DOUBLE FROM ${rows} WHERE ${condition}`);
  const [[count]] = (await counted.getRows()) as number[][];
  if (count === 0) return 0;
  const temporary = `${file}.${randomUUID()}.tmp`;
  const format = file.endsWith(".parquet")
    ? "FORMAT parquet, COMPRESSION zstd"
    : `FORMAT csv, HEADER${file.endsWith(".gz") ? ", COMPRESSION gzip" : ""}`;
  try {
    await connection.run(`COPY (SELECT * FROM ${rows} WHERE NOT ${condition}) TO ${sqlText(temporary)} (${format})`);
    syncFile(temporary);
    renameSync(temporary, file);
    syncFolder(dirname(file));
  } finally {
    rmSync(temporary, { force: true });
  }
  return count;
}
