import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { PortraitError } from "../../errors.ts";
import { openDuckDB, sqlList, sqlText } from "./duckdb.ts";
import { PART_COLUMNS } from "./fill-table.ts";
import { takeLock } from "./lake-lock.ts";
import { syncFile, syncFolder } from "./lake-writer.ts";
import { footerOf, MERGED_ROWS } from "./part-footer.ts";
import {
  chainEnds,
  coverOf,
  dayFolder,
  listWhole,
  mergedPath,
  type Part,
  type PartCache,
  readChain,
  readFooters,
} from "./parts.ts";
import { planCompaction, type SizedPart } from "./plan-compaction.ts";
import { sweepLeft } from "./sweep-left.ts";
import { carriedBy, withTyped } from "./typed-columns.ts";

export interface CompactLakeOptions {
  readonly dir: string;
  readonly tempDir?: string;
  readonly memoryMb?: number;
  /** Rows of a merged part at most. */
  readonly targetRows?: number;
  /** Fewer parts than this are not worth a merge. */
  readonly minParts?: number;
  /** Merge all that fits into a part, however much is written again for it: before a training, say. */
  readonly whole?: boolean;
  /** How long parts that were merged stay for those who read them still. */
  readonly graceMs?: number;
  /** Only these partitions. */
  readonly partitions?: ReadonlySet<number>;
  readonly now?: () => number;
  /** Share between 0 and 1. */
  readonly onProgress?: (done: number, note?: string) => void;
  /** Called at the narrow places, so that tests can end the process there. */
  readonly fault?: (point: "before-merge-claim" | "after-merge-claim") => Promise<void> | void;
}

export interface CompactLakeSummary {
  /** Parts that were merged, and what became of them. */
  readonly merged: number;
  readonly into: number;
  readonly rows: number;
  /** Parts taken away that had been merged before. */
  readonly removed: number;
  /** Parts that the lake now reads. */
  readonly parts: number;
}

const HOUR_MS = 3_600_000;
/** A part is grown no further: an erasure writes it again in about ten seconds. */
const TARGET_ROWS = 4_000_000;

/**
 * Merges small parts of a partition into larger ones, sorted by (kind, entity, known, position), in which the
 * properties that many events carry have columns of their own.
 *
 * The merged part is written aside, synced, then claimed by link(2) under a name that says what it covers. From that
 * moment readers take it in the place of those it was made of, which are removed by a later compaction, when they have
 * been covered for `graceMs`. So every reader, at any moment, and after a crash at any point, finds each row once.
 * May run beside a worker; one compaction of a lake at a time.
 *
 * Cost: reads and writes every row a logarithmic number of times in all, about 4 µs each time; memory is bounded by
 * `memoryMb`, and the disk holds what was merged twice until the grace is over.
 *
 * @throws PortraitError VAR_IN_USE while another compaction runs; LAKE_BROKEN
 */
export async function compactLake(options: CompactLakeOptions): Promise<CompactLakeSummary> {
  const { dir, tempDir = join(dirname(dir), "tmp"), memoryMb = 512, now = Date.now, onProgress, fault } = options;
  const { targetRows = TARGET_ROWS, minParts = 4, whole = false, graceMs = HOUR_MS } = options;
  mkdirSync(dir, { recursive: true });
  const lock = takeLock(dir, now());
  const db = await openDuckDB({ tempDir, memoryMb, threads: 1, inOrder: true });
  const connection = await db.connect();
  const cache: PartCache = new Map();
  const done = { merged: 0, into: 0, rows: 0, removed: 0, parts: 0 };
  try {
    const chain = (await readChain(connection, dir, cache)).filter(
      ({ partition }) => options.partitions?.has(partition) ?? true,
    );
    const sized = await withRows(connection, chain);
    const byPartition = new Map<number, SizedPart[]>();
    for (const part of sized) byPartition.set(part.partition, [...(byPartition.get(part.partition) ?? []), part]);
    const runs = [...byPartition.values()].flatMap((some) => planCompaction(some, { targetRows, minParts, whole }));
    for (const [i, run] of runs.entries()) {
      onProgress?.(i / runs.length, `${done.rows.toLocaleString("en")} rows`);
      lock.touch(now());
      await merge(connection, dir, run, fault);
      done.merged += run.length;
      done.into++;
      for (const { rows } of run) done.rows += rows;
    }
    const after = await readChain(connection, dir, cache);
    done.parts = after.length;
    const inChain = new Set(after.map(({ file }) => file));
    const left = await readFooters(
      connection,
      listWhole(dir).filter(({ file }) => !inChain.has(file)),
    );
    for (const part of left) {
      const cover = coverOf(part, after);
      if (!cover || now() - statSync(cover.file).mtimeMs < graceMs) continue;
      rmSync(part.file, { force: true });
      done.removed++;
    }
    sweepDays(dir, after);
    sweepLeft(dir, now());
    return done;
  } finally {
    connection.closeSync();
    db.closeSync();
    lock.release();
  }
}

async function merge(
  connection: DuckDBConnection,
  dir: string,
  run: readonly SizedPart[],
  fault: CompactLakeOptions["fault"],
): Promise<void> {
  const [first, last] = [run[0], run[run.length - 1]];
  const path = mergedPath(dir, first.partition, first.first, last.last);
  const temporary = `${path}.${randomUUID()}.tmp`;
  const files = run.map(({ file }) => file);
  const wanted = run.reduce((sum, { rows }) => sum + rows, 0);
  try {
    const parts = `(SELECT ${PART_COLUMNS} FROM read_parquet(${sqlList(files)}))`; // some have more columns
    const carried = await carriedBy(connection, files, wanted);
    // numbered first, so that rows are sorted by numbers: a third of the price of texts
    await connection.run(
      "CREATE OR REPLACE TEMP TABLE runs AS SELECT kind, entity, (row_number() OVER (ORDER BY kind, entity))::INTEGER AS run " +
        `FROM (SELECT DISTINCT kind, entity FROM ${parts})`,
    );
    await connection.run(
      `COPY (${withTyped(`${parts} JOIN runs USING (kind, entity)`, carried.typed, "run")} ` +
        `ORDER BY run, known_ms, ms, seq, idx) TO ${sqlText(temporary)} ` +
        `(FORMAT parquet, COMPRESSION zstd, ${MERGED_ROWS}, ` +
        `${footerOf({ first: first.first, last: last.last, after: first.after, carried })})`,
    );
    const [written] = await rowsOf(connection, [temporary]);
    if (written !== wanted)
      throw new PortraitError(
        "LAKE_BROKEN",
        `Wanted to merge ${wanted} rows into ${path}, but ${written} were written. Nothing was changed.`,
        { file: path, wanted, written },
      );
    syncFile(temporary);
    await fault?.("before-merge-claim");
    linkSync(temporary, path);
    syncFolder(dirname(path));
    await fault?.("after-merge-claim");
  } finally {
    rmSync(temporary, { force: true });
    await connection.run("DROP TABLE IF EXISTS runs");
  }
}

/** Takes empty folders of days away, but of none that the partition's writer may yet write into. */
function sweepDays(dir: string, chain: readonly Part[]): void {
  for (const [partition, end] of chainEnds(chain)) {
    const last = dayFolder(dir, partition, end);
    for (const day of readdirSync(dirname(last))) {
      const folder = join(dirname(last), day);
      if (folder >= last) continue;
      try {
        rmdirSync(folder);
      } catch (error) {
        if (!["ENOTEMPTY", "EEXIST", "ENOTDIR", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? ""))
          throw error;
      }
    }
  }
}

async function withRows(connection: DuckDBConnection, parts: readonly Omit<SizedPart, "rows">[]): Promise<SizedPart[]> {
  const rows = await rowsOf(
    connection,
    parts.map(({ file }) => file),
  );
  return parts.map((part, i) => ({ ...part, rows: rows[i] }));
}

async function rowsOf(connection: DuckDBConnection, files: readonly string[]): Promise<number[]> {
  if (files.length === 0) return [];
  const answer = await connection.run(
    `SELECT file_name, num_rows::DOUBLE FROM parquet_file_metadata(${sqlList(files)})`,
  );
  const rows = new Map((await answer.getRows()).map(([file, count]) => [String(file), Number(count)]));
  return files.map((file) => rows.get(file) ?? 0);
}
