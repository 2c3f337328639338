import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { EntityRef, Property } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import type { Position } from "../../events/position.ts";
import { idOf } from "../../features/entity-kinds.ts";
import { createJsonReader } from "./json-words.ts";
import type { Lanes, LeanQuery } from "./lean-query.ts";
import { FACTS_AS_READ, laneNames } from "./lean-sql.ts";
import { createTextReader, has, type NumberLane, numberLane, type TextLane, textLane } from "./text-lane.ts";

/**
 * The columns that a chunk is read from. `run` is a number that differs from one entity to the next: who it is is read
 * where it changes only, not at each event.
 */
export const leanColumns = (run: string, lanes: Lanes): string =>
  [`${run} AS run, entity`, FACTS_AS_READ, "touched", ...laneNames(lanes)].join(", ");
/** Their places. */
const [RUN, ENTITY, KNOWN, AT, MS, SEQ, INDEX, PARTITION, NAME, TOUCHED, FIRST_LANE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];

/** Numbers as DuckDB keeps them: they are read where they lie. */
type Numbers = Float64Array | Int32Array | Int8Array | Uint16Array;

/** Where a wanted property of the events of one name is found; −1 = not there. */
interface Place {
  readonly property: string;
  readonly number: number;
  readonly text: number;
  readonly json: number;
}

/** What the events of a chunk read from. It holds the chunk, whose memory the lanes are. */
interface Batch {
  readonly chunk: DuckDBDataChunk;
  readonly reading: Reading;
  readonly known: Numbers;
  readonly at: Numbers;
  readonly ms: Numbers;
  readonly seq: Numbers;
  readonly index: Numbers;
  readonly partition: Numbers;
  readonly touched: Numbers;
  readonly name: Numbers;
  readonly numbers: readonly NumberLane[];
  readonly texts: readonly TextLane[];
  readonly jsons: readonly TextLane[];
}

/** What all chunks of one result have in common. */
interface Reading {
  readonly names: readonly string[];
  /** By name of event. */
  readonly places: readonly (readonly Place[])[];
  /** By lane: each knows whether its words come again. */
  readonly textAt: readonly ((lane: TextLane, row: number) => string)[];
  readonly jsonAt: readonly ((lane: TextLane, row: number) => Property | undefined)[];
}

/** Answers a function that makes events of the chunks of a result, one after the other. Nothing of them is copied. */
export function createLeanReader(query: LeanQuery, lanes: Lanes): (chunk: DuckDBDataChunk) => LeanEvent[] {
  const { kind, names, wanted } = query;
  const nameAt = createTextReader();
  const columns = lanes.typed.map(({ type }, i) => ({ type, column: FIRST_LANE + i }));
  const numberColumns = columns.filter(({ type }) => type === "number").map(({ column }) => column);
  const textColumns = columns.filter(({ type }) => type === "text").map(({ column }) => column);
  const jsonColumns = Array.from({ length: lanes.json }, (_, i) => FIRST_LANE + lanes.typed.length + i);
  const among = (property: string, type: "number" | "text") =>
    lanes.typed.filter((one) => one.type === type).findIndex((one) => one.property === property);
  const places = wanted.map((some) =>
    some.map((property, place): Place => {
      const json = place < lanes.json ? place : -1;
      return { property, number: among(property, "number"), text: among(property, "text"), json };
    }),
  );
  const reading: Reading = {
    names,
    places,
    textAt: textColumns.map(createTextReader),
    jsonAt: jsonColumns.map(createJsonReader),
  };
  let run = 0;
  let entity: EntityRef = { kind, id: "" };
  let fits = true;

  return (chunk) => {
    const numbers = (column: number) => (chunk.getColumnVector(column) as unknown as { items: Numbers }).items;
    const runs = numbers(RUN);
    const who = textLane(chunk, ENTITY);
    const touched = numbers(TOUCHED);
    const batch: Batch = {
      chunk,
      reading,
      known: numbers(KNOWN),
      at: numbers(AT),
      ms: numbers(MS),
      seq: numbers(SEQ),
      index: numbers(INDEX),
      partition: numbers(PARTITION),
      touched,
      name: numbers(NAME),
      numbers: numberColumns.map((column) => numberLane(chunk, column)),
      texts: textColumns.map((column) => textLane(chunk, column)),
      jsons: jsonColumns.map((column) => textLane(chunk, column)),
    };
    const events: LeanEvent[] = [];
    const rows = chunk.rowCount;
    for (let row = 0; row < rows; row++) {
      if (runs[row] !== run) {
        if (runs[row] < run) throw new Error("the rows of a part do not stand in the order of its runs");
        run = runs[row];
        entity = { kind, id: nameAt(who, row) };
        fits = idOf(entity.id) !== undefined; // SQL counts code points
      }
      if (fits || touched[row] === 0) events.push(new LeanEvent(batch, row, entity));
    }
    return events;
  };
}

/** An event whose properties are put together when somebody asks for them. */
export class LeanEvent implements LoggedEvent {
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
    return this.batch.reading.names[this.batch.name[this.row]];
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
  /** Those of a name are few, so looking for it takes less than making a record. */
  property(name: string): Property | undefined {
    const { batch, row } = this;
    for (const place of batch.reading.places[batch.name[row]])
      if (place.property === name) return valueAt(batch, place, row);
    return undefined;
  }
}

const NOTHING: Readonly<Record<string, Property>> = Object.freeze({});

function propertiesAt(batch: Batch, row: number): Readonly<Record<string, Property>> {
  const places = batch.reading.places[batch.name[row]];
  if (places.length === 0) return NOTHING;
  const properties: Record<string, Property> = {};
  for (const place of places) {
    const value = valueAt(batch, place, row);
    if (value !== undefined) properties[place.property] = value;
  }
  return properties;
}

function valueAt(batch: Batch, { number, text, json }: Place, row: number): Property | undefined {
  if (number >= 0) {
    const lane = batch.numbers[number];
    if (has(lane, row)) return lane.items[row];
  }
  if (text >= 0) {
    const lane = batch.texts[text];
    if (has(lane, row)) return batch.reading.textAt[text](lane, row);
  }
  return json >= 0 ? batch.reading.jsonAt[json](batch.jsons[json], row) : undefined;
}
