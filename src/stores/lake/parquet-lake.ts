import { dirname, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { NOBODY } from "../../erasure/redact-event.ts";
import { PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";
import type { Lake, LakeExtent, LakeQuery, LoggedEvent } from "../../events/event-log.ts";
import { LoggedText } from "../../events/logged-text.ts";
import { idOf } from "../../features/entity-kinds.ts";
import { openDuckDB, sqlList, sqlText } from "./duckdb.ts";
import { PART_COLUMNS } from "./fill-table.ts";
import { leanQuery, MOST_NAMES } from "./lean-query.ts";
import { chainEnds, type PartCache, readChain } from "./parts.ts";
import { readLean } from "./read-lean.ts";
import { withoutErased } from "./tombstones.ts";
import { pointerTo } from "./typed-columns.ts";

export interface ParquetLakeOptions {
  /** DuckDB's share of memory; a larger sort goes to `tempDir`. */
  readonly memoryMb?: number;
  readonly threads?: number;
  /** Default: `tmp` beside the lake. */
  readonly tempDir?: string;
  /** Files of merged parts that are larger are read in the order in which they lie, bytes. */
  readonly streamBytes?: number;
}

/**
 * The lake as DuckDB reads it: immutable Parquet parts, see README.md for their schema.
 *
 * Opens nothing until it is asked; `close` may be called at any time. Memory is bounded by `memoryMb` plus two
 * chunks of 2,048 rows of each of at most 33 streams, whatever the size of the lake.
 *
 * Every read throws PortraitError LAKE_BROKEN, naming the file, when the folder holds a damaged or foreign file
 * or a part is missing from the chain.
 */
export function createParquetLake(dir: string, options: ParquetLakeOptions = {}): Lake & { close(): Promise<void> } {
  const { memoryMb = 512, threads = 2, tempDir = join(dirname(dir), "tmp"), streamBytes } = options;
  const cache: PartCache = new Map();
  let opening: Promise<DuckDBInstance> | undefined;

  async function connect(): Promise<DuckDBConnection> {
    opening ??= openDuckDB({ tempDir, memoryMb, threads, inOrder: true });
    return (await opening).connect();
  }

  async function withParts<T>(
    read: (connection: DuckDBConnection, files: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const connection = await connect();
    try {
      const files = (await readChain(connection, dir, cache)).map(({ file }) => file);
      return await read(connection, files).catch((error) => fail(error, files));
    } finally {
      connection.closeSync();
    }
  }

  return withoutErased(dir, {
    async *readByEntity(query) {
      const connection = await connect();
      try {
        const parts = await readChain(connection, dir, cache);
        if (parts.length === 0) return;
        const files = parts.map(({ file }) => file);
        const names = query.properties && (await namesIn(connection, files));
        const lean = names && leanQuery(query, names);
        if (lean) {
          yield* guarded(readLean(connect, parts, lean, streamBytes), files);
          return;
        }
        const sql =
          "SELECT partition, ms::DOUBLE, seq::DOUBLE, idx, kind, entity, id, name, at_ms::DOUBLE, known_ms::DOUBLE, properties, touched " +
          `FROM ${chosen(files, query)} WHERE ${condition(query)} ` +
          "ORDER BY kind, entity, known_ms, ms, seq, idx, partition";
        const result = await connection.stream(sql).catch((error) => fail(error, files));
        let entity: EntityRef = { kind: "", id: "" };
        for (;;) {
          const chunk = await result.fetchChunk().catch((error) => fail(error, files));
          if (!chunk || chunk.rowCount === 0) return;
          const [partition, ms, seq, index, kind, who, id, name, at, known, text, touched] = chunk.getColumns();
          const batch: LoggedEvent[] = [];
          for (let i = 0; i < chunk.rowCount; i++) {
            if (touched[i] === true && idOf(who[i] as string) === undefined) continue; // SQL counts code points
            if (entity.id !== who[i] || entity.kind !== kind[i])
              entity = { kind: kind[i] as string, id: who[i] as string };
            batch.push(
              new LoggedText(
                partition[i] as number,
                { ms: ms[i] as number, seq: seq[i] as number, index: index[i] as number },
                id[i] as string,
                name[i] as string,
                entity,
                at[i] as number,
                known[i] as number,
                text[i] as string,
                touched[i] as boolean,
              ),
            );
          }
          yield batch;
        }
      } finally {
        connection.closeSync();
      }
    },

    async end() {
      const connection = await connect();
      try {
        return chainEnds(await readChain(connection, dir, cache));
      } finally {
        connection.closeSync();
      }
    },

    extent: () => withParts(extentOf),

    summary: () =>
      withParts(async (connection, files) => {
        if (files.length === 0) return { events: 0, entities: 0 };
        const result = await connection.run(
          `SELECT count(*)::DOUBLE, (count(DISTINCT (kind, entity)) FILTER (kind <> ${sqlText(NOBODY)}))::DOUBLE, ` +
            "min(at_ms)::DOUBLE, max(at_ms)::DOUBLE, " +
            `max(known_ms)::DOUBLE FROM read_parquet(${sqlList(files)})`,
        );
        const [events, entities, firstAt, lastAt, lastKnown] = (await result.getRows())[0] as number[];
        return events === 0 ? { events, entities } : { events, entities, firstAt, lastAt, lastKnown };
      }),

    async close() {
      const db = await opening;
      opening = undefined;
      db?.closeSync();
    },
  });
}

/** From the footers alone. Cost: opens each part. */
async function extentOf(connection: DuckDBConnection, files: readonly string[]): Promise<LakeExtent> {
  if (files.length === 0) return { events: 0 };
  const result = await connection.run(
    "SELECT (sum(num_values) FILTER (path_in_schema = 'at_ms'))::DOUBLE, " +
      "(min(stats_min_value::BIGINT) FILTER (path_in_schema = 'at_ms'))::DOUBLE, " +
      "(max(stats_max_value::BIGINT) FILTER (path_in_schema = 'known_ms'))::DOUBLE " +
      `FROM parquet_metadata(${sqlList(files)}) WHERE path_in_schema IN ('at_ms', 'known_ms')`,
  );
  const [events, firstAt, lastKnown] = (await result.getRows())[0] as (number | null)[];
  if (events === null || firstAt === null || lastKnown === null) return { events: 0 };
  return { events, firstAt, lastKnown };
}

/** The names of all events. Cost: one column, of which each part keeps every name once. */
async function namesIn(connection: DuckDBConnection, files: readonly string[]): Promise<string[]> {
  const result = await connection
    .run(`SELECT DISTINCT name FROM read_parquet(${sqlList(files)}) ORDER BY name LIMIT ${MOST_NAMES + 1}`)
    .catch((error) => fail(error, files));
  return (await result.getRows()).map(([name]) => String(name));
}

async function* guarded<T>(rows: AsyncIterable<T>, files: readonly string[]): AsyncGenerator<T> {
  try {
    yield* rows;
  } catch (error) {
    fail(error, files);
  }
}

/** With `touchedSince`, of the rows to choose from those whose entity has a late one. */
function chosen(files: readonly string[], query: LakeQuery): string {
  const rows = `(${rowsOf(files, query)})`;
  if (query.touchedSince === undefined) return rows;
  const late = `SELECT DISTINCT kind, entity FROM ${rows} WHERE known_ms >= ${Math.ceil(query.touchedSince)}`;
  return `${rows} SEMI JOIN (${late}) USING (kind, entity)`;
}

/** The rows to choose from: as they stand; with `through`, those of the entities that the property names beside them. */
function rowsOf(files: readonly string[], { kind, through, notOf }: LakeQuery): string {
  const others = notOf === undefined ? "true" : `kind <> ${sqlText(notOf)}`;
  const parts = `SELECT ${PART_COLUMNS}, false AS touched FROM read_parquet(${sqlList(files)}) WHERE ${others}`;
  if (kind === undefined || through === undefined) return parts;
  const pointer = pointerTo(through);
  const safe = Number.MAX_SAFE_INTEGER;
  // what `idOf` takes: a text that is not empty, or a whole number that a double holds exactly
  const named =
    "SELECT partition, ms, seq, idx, id, name, at_ms, known_ms, properties, kind AS first_kind, entity AS first, " +
    `json_type(properties, ${pointer}) AS type, json_extract_string(properties, ${pointer}) AS named FROM (${parts})`;
  return (
    `${parts} AND kind = ${sqlText(kind)} UNION ALL BY NAME ` +
    `SELECT partition, ms, seq, idx, ${sqlText(kind)} AS kind, named AS entity, id, name, at_ms, known_ms, properties, true AS touched ` +
    `FROM (${named}) WHERE NOT (first_kind = ${sqlText(kind)} AND first = named) AND CASE type ` +
    "WHEN 'VARCHAR' THEN length(named) BETWEEN 1 AND 200 " +
    `WHEN 'UBIGINT' THEN TRY_CAST(named AS UBIGINT) <= ${safe} WHEN 'BIGINT' THEN TRY_CAST(named AS BIGINT) >= -${safe} ` +
    "ELSE false END"
  );
}

function condition({ kind, entities, knownUntil }: LakeQuery): string {
  const terms = ["true"];
  if (kind !== undefined) terms.push(`kind = ${sqlText(kind)}`);
  if (knownUntil !== undefined && knownUntil < Number.MAX_SAFE_INTEGER)
    terms.push(`known_ms <= ${Math.floor(knownUntil)}`);
  if (entities) terms.push(among(entities));
  return terms.join(" AND ");
}

/** By kind, so that DuckDB looks ids up in a list rather than comparing with each. */
function among(entities: readonly EntityRef[]): string {
  const kinds = new Map<string, string[]>();
  for (const { kind, id } of entities) {
    const ids = kinds.get(kind);
    if (ids) ids.push(id);
    else kinds.set(kind, [id]);
  }
  const terms = [...kinds].map(
    ([kind, ids]) => `(kind = ${sqlText(kind)} AND entity IN (${ids.map(sqlText).join(",")}))`,
  );
  return terms.length === 0 ? "false" : `(${terms.join(" OR ")})`;
}

/** DuckDB names the file that it stumbled over; the caller gets it as a fact. */
function fail(error: unknown, files: readonly string[]): never {
  const message = error instanceof Error ? error.message : String(error);
  const file = files.find((one) => message.includes(one));
  throw new PortraitError(
    "LAKE_BROKEN",
    `The lake could not be read${file ? `: ${file} is damaged` : ""}. Restore it from a copy. DuckDB says: ${message}`,
    file ? { file } : {},
    error,
  );
}
