import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { NAMED_BY_CALLS, redactEvent } from "../../erasure/redact-event.ts";
import { type Property, sameEntity } from "../../events/event.ts";
import { reaches } from "../../events/reach.ts";
import type { Reducers } from "../../features/reducers.ts";
import { openDuckDB, sqlList, sqlText } from "./duckdb.ts";
import { takeLock } from "./lake-lock.ts";
import { syncFile, syncFolder } from "./lake-writer.ts";
import { footerOf, MERGED_ROWS } from "./part-footer.ts";
import { listWhole, type Part, readFooters, resolveChain } from "./parts.ts";
import { sweepLeft } from "./sweep-left.ts";
import { stir, type Tombstone } from "./tombstones.ts";
import { columnOf, typedValue } from "./typed-columns.ts";

/** Whom, and how far. */
type Told = Pick<Tombstone, "entity" | "until">;

export interface EraseRowsOptions {
  readonly dir: string;
  readonly tempDir?: string;
  readonly memoryMb?: number;
  readonly tombstone: Told;
  readonly reducers: Reducers;
  readonly now?: () => number;
  /** Called at the narrow places, so that tests can end the process there. */
  readonly fault?: (point: "before-part-rename" | "after-part-rename") => Promise<void> | void;
}

/** What became of the rows of the lake; those of parts that compaction has replaced, and not removed yet, are not counted. */
export interface RowsErased {
  /** Parts that were written again. */
  readonly parts: number;
  /** Rows that went whole. */
  readonly removed: number;
  /** Rows that stay for the other entities that they touched, without the person. */
  readonly kept: number;
  /** Rows of others that named the person, and do so no more. */
  readonly redacted: number;
}

/**
 * Takes a person out of every part of the lake, as far as the tombstone says.
 *
 * A part with such rows is written again aside, with the same columns and footer, synced, then renamed over the old one: chain and
 * cursor stay as they are, and who has the old file open reads on in it. A query that opens the file a second time at
 * that very moment fails, and is to be asked again.
 *
 * Runs beside workers and readers; never beside a compaction, which would carry old rows on. Wanted before: the lake
 * reaches as far as the tombstone. May be run again after it ended anywhere: what is gone is not found again.
 *
 * Cost: reads the names of entities in the whole lake once, and for a kind that properties name these too; writes the
 * parts again in which it found the person.
 *
 * @throws PortraitError VAR_IN_USE while a compaction runs; LAKE_BROKEN
 */
export async function eraseRows(options: EraseRowsOptions): Promise<RowsErased> {
  const { dir, tempDir = join(dirname(dir), "tmp"), memoryMb = 512, now = Date.now } = options;
  const done = { parts: 0, removed: 0, kept: 0, redacted: 0 };
  if (!existsSync(dir)) return done;
  const lock = takeLock(dir, now());
  const db = await openDuckDB({ tempDir, memoryMb, threads: 1, inOrder: true });
  const connection = await db.connect();
  try {
    sweepLeft(dir, now());
    const parts = await readFooters(connection, listWhole(dir));
    const chain = new Set(resolveChain(parts));
    const concerned = await filesWith(connection, parts, mayBeAbout(options.tombstone, options.reducers));
    for (const part of parts.filter(({ file }) => concerned.has(file))) {
      lock.touch(now());
      const changes = await changesOf(connection, part, options);
      if (changes.length === 0) continue;
      await writeAgain(connection, part, changes, options);
      done.parts++;
      if (!chain.has(part)) continue;
      for (const { what } of changes) done[what]++;
    }
    return done;
  } finally {
    connection.closeSync();
    db.closeSync();
    lock.release();
  }
}

/** Conditions, each quick to answer, of rows that may be about the person: his own, and those that may name him. */
function mayBeAbout({ entity: { kind, id } }: Told, { kinds }: Reducers): string[] {
  const own = `kind = ${sqlText(kind)} AND entity = ${sqlText(id)}`;
  const calls = NAMED_BY_CALLS.filter((call) => call.kind === kind).map(({ event }) => `name = ${sqlText(event)}`);
  const naming = kinds.some(({ name }) => name === kind) ? ["true"] : calls;
  const holds = `contains(properties, ${sqlText(JSON.stringify(id).slice(1, -1))})`;
  return [own, ...naming.map((when) => `${when} AND ${holds}`)].map((condition) => `(${condition})`);
}

async function filesWith(
  connection: DuckDBConnection,
  parts: readonly Part[],
  conditions: readonly string[],
): Promise<Set<string>> {
  const files = new Set<string>();
  if (parts.length === 0) return files;
  const rows = `read_parquet(${sqlList(parts.map(({ file }) => file))}, filename = true)`;
  for (const condition of conditions) {
    // one by one: a condition alone is answered from the columns that it names, and from the bounds of row groups
    const found = await connection.run(`SELECT DISTINCT filename FROM ${rows} WHERE ${condition}`);
    for (const [file] of await found.getRows()) files.add(String(file));
  }
  return files;
}

interface Change {
  readonly row: bigint;
  readonly what: "removed" | "kept" | "redacted";
  readonly kind: string;
  readonly entity: string;
  readonly properties: string;
}

async function changesOf(
  connection: DuckDBConnection,
  part: Part,
  { tombstone, reducers }: EraseRowsOptions,
): Promise<Change[]> {
  const found = await connection.run(
    "SELECT file_row_number, ms::DOUBLE, seq::DOUBLE, idx, kind, entity, name, properties " +
      `FROM read_parquet(${sqlText(part.file)}, file_row_number = true) WHERE ${mayBeAbout(tombstone, reducers).join(" OR ")}`,
  );
  return (await found.getRows()).flatMap(([row, ms, seq, index, kind, id, name, text]): Change[] => {
    const position = { ms: Number(ms), seq: Number(seq), index: Number(index) };
    if (!reaches(tombstone.until, part.partition, position)) return [];
    const entity = { kind: String(kind), id: String(id) };
    const properties = JSON.parse(String(text)) as Record<string, Property>;
    const event = { name: String(name), entity, properties };
    const left = redactEvent(event, tombstone.entity, reducers);
    if (left === event) return [];
    const place = { row: row as bigint };
    if (!left) return [{ ...place, what: "removed", kind: "", entity: "", properties: "" }];
    const what = sameEntity(entity, tombstone.entity) ? "kept" : "redacted";
    const { kind: leftKind, id: leftId } = left.entity;
    return [{ ...place, what, kind: leftKind, entity: leftId, properties: JSON.stringify(left.properties) }];
  });
}

async function writeAgain(
  connection: DuckDBConnection,
  part: Part,
  changes: readonly Change[],
  { dir, fault }: EraseRowsOptions,
): Promise<void> {
  await connection.run(
    "CREATE OR REPLACE TEMP TABLE changes (row BIGINT, what VARCHAR, kind VARCHAR, entity VARCHAR, properties VARCHAR)",
  );
  const appender = await connection.createAppender("changes");
  for (const { row, what, kind, entity, properties } of changes) {
    appender.appendBigInt(row);
    for (const text of [what, kind, entity, properties]) appender.appendVarchar(text);
    appender.endRow();
  }
  appender.closeSync();
  const temporary = `${part.file}.${randomUUID()}.tmp`;
  const own = [...(part.carried?.typed ?? [])].map(
    ([property, type]) =>
      `, CASE WHEN c.row IS NULL THEN p.${columnOf(property)} ELSE ${typedValue("c.properties", property, type)} END AS ${columnOf(property)}`,
  );
  const columns =
    "p.partition, p.ms, p.seq, p.idx, coalesce(c.kind, p.kind) AS kind, coalesce(c.entity, p.entity) AS entity, " +
    "CASE WHEN c.what = 'kept' THEN '' ELSE p.id END AS id, p.name, p.at_ms, p.known_ms, " +
    `coalesce(c.properties, p.properties) AS properties${part.carried ? ", p.run" : ""}${own.join("")}`;
  try {
    await connection.run(
      `COPY (SELECT ${columns} FROM read_parquet(${sqlText(part.file)}, file_row_number = true) p ` +
        "LEFT JOIN changes c ON c.row = p.file_row_number WHERE c.what IS DISTINCT FROM 'removed' " +
        `ORDER BY p.file_row_number) TO ${sqlText(temporary)} ` +
        `(FORMAT parquet, COMPRESSION zstd, ${part.mergedTo ? `${MERGED_ROWS}, ` : ""}${footerOf(part)})`,
    );
    syncFile(temporary);
    await fault?.("before-part-rename");
    stir(dir);
    renameSync(temporary, part.file);
    syncFolder(dirname(part.file));
    await fault?.("after-part-rename");
  } finally {
    rmSync(temporary, { force: true });
  }
}
