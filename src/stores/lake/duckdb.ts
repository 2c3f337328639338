import { mkdirSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

export interface DuckDBRoom {
  /** Where it may spill what does not fit into memory. */
  readonly tempDir: string;
  readonly memoryMb: number;
  readonly threads: number;
  /** Whether rows come, and are written, in the order in which they lie, at some cost of memory. Default: no. */
  readonly inOrder?: boolean;
}

/** An in-process DuckDB without a database file, kept within its memory: what is larger goes to `tempDir`. */
export function openDuckDB({ tempDir, memoryMb, threads, inOrder = false }: DuckDBRoom): Promise<DuckDBInstance> {
  mkdirSync(tempDir, { recursive: true });
  return DuckDBInstance.create(":memory:", {
    memory_limit: `${memoryMb}MB`,
    temp_directory: tempDir,
    threads: String(threads),
    preserve_insertion_order: String(inOrder),
  });
}

/** A text as an SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const sqlList = (texts: readonly string[]): string => `[${texts.map(sqlText).join(",")}]`;
