import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import type { EntityRef, Property } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import { comparePositions, type Position } from "../../events/position.ts";
import { idOf } from "../../features/entity-kinds.ts";
import { createJsonReader, type JsonLane, jsonLane } from "./json-words.ts";
import { type LeanQuery, lanesOf, lanesOfOwn, namedRows, ownRows } from "./lean-query.ts";

/**
 * The events of a lean query, entity by entity, within one by (known, position): batches of a chunk or so.
 *
 * Idea: entities are numbered in the order of their ids first, so that DuckDB sorts by a number and a moment, which
 * takes a third of sorting by texts; what is known in the same millisecond is put in order here. A property has no
 * column of its own: the n-th wanted property of an event is in the n-th lane, whichever it is, and only of events
 * that have wanted properties is the JSON parsed at all.
 *
 * The ids are read beside the events, in step: `beside` is a connection of their own.
 */
export async function* readLean(
  connection: DuckDBConnection,
  beside: DuckDBConnection,
  files: readonly string[],
  query: LeanQuery,
): AsyncGenerator<readonly LoggedEvent[]> {
  const mark = ++readings;
  const [rows, entities] = [`"rows of ${mark}"`, `"entities of ${mark}"`];
  // who is named in a property is known when all are parsed: they are parsed once, and kept
  const staged = query.through !== undefined;
  try {
    if (query.through !== undefined)
      await connection.run(
        `CREATE TABLE ${rows} AS ${lanesOfOwn(files, query)} UNION ALL ${namedRows(files, query, query.through)}`,
      );
    await connection.run(
      `CREATE TABLE ${entities} AS SELECT entity, (row_number() OVER (ORDER BY entity))::INTEGER AS code FROM ` +
        `(SELECT DISTINCT entity FROM ${staged ? rows : `(${ownRows(files, query)})`})`,
    );
    const names = await beside.stream(`SELECT entity FROM ${entities} ORDER BY code`);
    const nextName = inTurn(async () => (await names.fetchChunk()) ?? undefined);
    const result = await connection.stream(
      `SELECT code, known_ms::DOUBLE, at_ms::DOUBLE, ms::DOUBLE, seq::DOUBLE, idx, partition, touched, name_` +
        `${lanesOf(query)
          .map((lane) => `, ${lane}`)
          .join("")} ` +
        `FROM ${staged ? rows : `(${lanesOfOwn(files, query)})`} JOIN ${entities} USING (entity) ` +
        "ORDER BY code, known_ms",
    );
    const read = createLeanReader(query);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const batch = await read(chunk, nextName);
      if (batch.length > 0) yield batch;
    }
    const last = read.rest();
    if (last.length > 0) yield last;
  } finally {
    for (const table of [rows, entities]) await connection.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

let readings = 0;

/** Numbers as DuckDB keeps them: they are read where they lie. */
type Numbers = Float64Array | Int32Array | Int8Array | Uint16Array;

/** What the events of a chunk read from. It holds the chunk, whose memory the lanes are. */
interface Batch {
  readonly chunk: DuckDBDataChunk;
  readonly query: LeanQuery;
  readonly code: Numbers;
  readonly known: Numbers;
  readonly at: Numbers;
  readonly ms: Numbers;
  readonly seq: Numbers;
  readonly index: Numbers;
  readonly partition: Numbers;
  readonly touched: Numbers;
  readonly name: Numbers;
  readonly found: readonly JsonLane[];
  readonly read: (lane: JsonLane, row: number) => Property | undefined;
}

function createLeanReader(query: LeanQuery) {
  const read = createJsonReader();
  const lanes = lanesOf(query);
  let entity: EntityRef = { kind: query.kind, id: "" };
  let fits = true;
  let code = 0;
  /** The last events of a chunk that were known in the same millisecond: more of them may follow. */
  let held: LeanEvent[] = [];

  const next = async (chunk: DuckDBDataChunk, nextName: () => Promise<string>): Promise<LoggedEvent[]> => {
    const lane = (column: number) => (chunk.getColumnVector(column) as unknown as { items: Numbers }).items;
    const found = lanes.map((_, place) => jsonLane(chunk, 9 + place));
    const [codes, known] = [lane(0), lane(1)];
    const batch: Batch = {
      chunk,
      query,
      code: codes,
      known,
      at: lane(2),
      ms: lane(3),
      seq: lane(4),
      index: lane(5),
      partition: lane(6),
      touched: lane(7),
      name: lane(8),
      found,
      read,
    };
    const events = held;
    const rows = chunk.rowCount;
    for (let row = 0; row < rows; row++) {
      while (code < codes[row]) {
        code++;
        entity = { kind: query.kind, id: await nextName() };
        fits = idOf(entity.id) !== undefined; // SQL counts code points
      }
      if (fits || batch.touched[row] === 0) events.push(new LeanEvent(batch, row, entity));
    }
    const settled = sortTies(events);
    held = events.slice(settled);
    events.length = settled;
    return events;
  };
  return Object.assign(next, { rest: () => held });
}

/** Puts events of one entity and one millisecond in the order of the log; answers where those begin that may go on. */
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

const inLog = (a: LoggedEvent, b: LoggedEvent) => comparePositions(a.position, b.position) || a.partition - b.partition;

/** One text after the other out of the chunks of a result with one column. */
function inTurn(fetch: () => Promise<DuckDBDataChunk | undefined>): () => Promise<string> {
  let chunk: DuckDBDataChunk | undefined;
  let row = 0;
  return async () => {
    while (!chunk || row === chunk.rowCount) {
      chunk = await fetch();
      row = 0;
      if (!chunk || chunk.rowCount === 0) throw new Error("the lake has fewer entities than its events name");
    }
    return chunk.getColumnVector(0).getItem(row++) as string;
  };
}

/** An event whose properties are put together when somebody asks for them. */
class LeanEvent implements LoggedEvent {
  readonly entity: EntityRef;
  readonly batch: Batch;
  readonly row: number;
  found: Readonly<Record<string, Property>> | undefined;

  constructor(batch: Batch, row: number, entity: EntityRef) {
    this.batch = batch;
    this.row = row;
    this.entity = entity;
    this.found = undefined;
  }

  /** Left out. */
  get id(): string {
    return "";
  }
  get name(): string {
    return this.batch.query.names[this.batch.name[this.row]];
  }
  get at(): number {
    return this.batch.at[this.row];
  }
  get known(): number {
    return this.batch.known[this.row];
  }
  get partition(): number {
    return this.batch.partition[this.row];
  }
  get touched(): boolean {
    return this.batch.touched[this.row] === 1;
  }
  get position(): Position {
    const { ms, seq, index } = this.batch;
    return { ms: ms[this.row], seq: seq[this.row], index: index[this.row] };
  }
  get properties(): Readonly<Record<string, Property>> {
    this.found ??= propertiesAt(this.batch, this.row);
    return this.found;
  }
}

function propertiesAt({ query, name, found, read }: Batch, row: number): Record<string, Property> {
  const wanted = query.wanted[name[row]];
  const properties: Record<string, Property> = {};
  for (let place = 0; place < wanted.length; place++) {
    const value = read(found[place], row);
    if (value !== undefined) properties[wanted[place]] = value;
  }
  return properties;
}
