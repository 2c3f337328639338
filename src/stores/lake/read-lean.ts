import { statSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LoggedEvent } from "../../events/event-log.ts";
import { type Chunk, chunksOf } from "./chunk.ts";
import { createLeanReader, type LeanEvent, leanColumns } from "./lean-events.ts";
import { type LeanQuery, lanesOf } from "./lean-query.ts";
import { namedRows, ownRows } from "./lean-sql.ts";
import { inLog, mergeByEntity } from "./merge-by-entity.ts";
import type { Part } from "./parts.ts";
import { isWanted, watchFile } from "./whole-parts.ts";

/** More streams than these are not merged: each keeps a row group in memory. */
const MOST_STREAMS = 32;
/** A smaller file is not worth a stream of its own. */
export const STREAM_BYTES = 200_000;

/**
 * The events of a lean query, entity by entity, within one by (known, position): batches of a chunk or so.
 *
 * Idea: parts that compaction made are in this order already, so each is read as it lies, and the streams are merged.
 * What is left (small parts, unsorted ones, more than 32) is sorted by DuckDB into one more stream. Events that name an
 * entity in a property lie in no order of it: with `through` all is sorted.
 *
 * @param connect a connection of their own for each stream; they are closed at the end
 */
export async function* readLean(
  connect: () => Promise<DuckDBConnection>,
  parts: readonly Part[],
  query: LeanQuery,
  streamBytes = STREAM_BYTES,
): AsyncGenerator<readonly LoggedEvent[]> {
  const lying = query.through === undefined ? asTheyLie(parts, streamBytes) : [];
  const rest = parts.filter((part) => !lying.includes(part));
  const connections: DuckDBConnection[] = [];
  const open = async () => {
    const connection = await connect();
    connections.push(connection);
    return connection;
  };
  try {
    const streams: AsyncGenerator<readonly LeanEvent[]>[] = [];
    for (const part of lying) streams.push(inOrder(await open(), part, query));
    if (rest.length > 0) streams.push(sorted(await open(), rest, query));
    yield* streams.length === 1 ? streams[0] : mergeByEntity(streams);
  } finally {
    for (const connection of connections) connection.closeSync();
  }
}

/** The largest parts in order, at most as many as are merged. */
function asTheyLie(parts: readonly Part[], streamBytes: number): Part[] {
  const sized = parts
    .filter(({ carried }) => carried !== undefined)
    .map((part) => ({ part, bytes: statSync(part.file, { throwIfNoEntry: false })?.size ?? 0 }))
    .filter(({ bytes }) => bytes >= streamBytes);
  return sized
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_STREAMS)
    .map(({ part }) => part);
}

/** One part as it lies. The database keeps the order of rows. */
async function* inOrder(
  connection: DuckDBConnection,
  part: Part,
  query: LeanQuery,
): AsyncGenerator<readonly LeanEvent[]> {
  const lanes = lanesOf(query, [part]);
  const read = createLeanReader(query, lanes, part.partition);
  const isSame = watchFile(part);
  const rows = ownRows([part], query, lanes, "run, ", await isWanted(connection, part, query));
  const sql = `SELECT ${leanColumns("run", lanes, true)} FROM (${rows})`;
  let begun = false;
  for await (const chunk of chunksOf(connection, sql)) {
    if (!begun && !isSame()) throw new Error("a part was written again between reading its footer and its rows");
    begun = true;
    yield read(chunk);
  }
}

let readings = 0;

/**
 * Parts in any order. Entities are numbered in the order of their ids first, so that DuckDB sorts by a number and a
 * moment, which takes a third of sorting by texts; what is known in the same millisecond is put in order here.
 */
async function* sorted(
  connection: DuckDBConnection,
  parts: readonly Part[],
  query: LeanQuery,
): AsyncGenerator<readonly LeanEvent[]> {
  const mark = ++readings;
  const [staged, entities] = [`"rows of ${mark}"`, `"entities of ${mark}"`];
  const lanes = lanesOf(query, parts);
  const named = query.through === undefined ? undefined : namedRows(parts, query, lanes, query.through);
  const all = [ownRows(parts, query, lanes), ...(named === undefined ? [] : [named])].join(" UNION ALL ");
  // who is named in the JSON is known when all is parsed: it is parsed once, and kept
  const keep = named?.includes("json_extract") ?? false;
  try {
    if (keep) await connection.run(`CREATE TABLE ${staged} AS ${all}`);
    const rows = keep ? staged : `(${all})`;
    await connection.run(
      `CREATE TABLE ${entities} AS SELECT entity, (row_number() OVER (ORDER BY entity))::INTEGER AS code FROM ` +
        `(SELECT DISTINCT entity FROM ${rows})`,
    );
    const sql = `SELECT ${leanColumns("code", lanes, false)} FROM ${rows} JOIN ${entities} USING (entity) ORDER BY code, known_ms`;
    const settled = inLogOrder(createLeanReader(query, lanes, undefined));
    for await (const chunk of chunksOf(connection, sql)) yield settled.take(chunk);
    yield settled.rest();
  } finally {
    for (const table of [staged, entities]) await connection.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** Puts events of one entity and one millisecond in the order of the log. `rest` answers those held back at the end. */
function inLogOrder(read: (chunk: Chunk) => LeanEvent[]) {
  /** The last events of a chunk that were known in the same millisecond: more of them may follow. */
  let held: LeanEvent[] = [];
  const take = (chunk: Chunk) => {
    const events = held.concat(read(chunk));
    const end = sortTies(events);
    held = events.slice(end);
    events.length = end;
    return events;
  };
  return { take, rest: () => held };
}

/** Answers where those begin that may go on. */
function sortTies(events: LeanEvent[]): number {
  let from = 0;
  for (let i = 1; i <= events.length; i++) {
    if (i < events.length && events[i].known === events[from].known && events[i].entity === events[from].entity)
      continue;
    if (i - from > 1) {
      const tied = events.slice(from, i).sort(inLog);
      for (let j = 0; j < tied.length; j++) events[from + j] = tied[j];
    }
    if (i < events.length) from = i;
  }
  return from;
}
