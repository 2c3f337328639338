import type { EntityRef, Property } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import type { Position } from "../../events/position.ts";
import { idOf } from "../../features/entity-kinds.ts";
import { type Chunk, MOST_ROWS } from "./chunk.ts";
import { createJsonReader } from "./json-words.ts";
import type { Lanes, LeanQuery } from "./lean-query.ts";
import { lanesAsRead } from "./lean-sql.ts";
import { createTextReader, has, type NumberLane, numberLane, TextLane } from "./text-lane.ts";

/**
 * The columns that a chunk is read from, each of the type as which its memory is read. `run` is a number that differs
 * from one entity to the next: who it is is read where it changes only, not at each event.
 *
 * @param onePart rows of one part: all of its partition, and none that names an entity in a property
 */
export const leanColumns = (run: string, lanes: Lanes, onePart: boolean): string =>
  [
    `${run}::INTEGER AS run, entity::VARCHAR, known_ms::DOUBLE, at_ms::DOUBLE, name_::INTEGER`,
    ...lanesAsRead(lanes),
    "ms::DOUBLE, seq::DOUBLE, idx::INTEGER",
    ...(onePart ? [] : ["partition::INTEGER, touched::TINYINT"]),
  ].join(", ");
/** The places of the first of them. */
const [RUN, ENTITY, KNOWN, AT, NAME, FIRST_LANE] = [0, 1, 2, 3, 4, 5];
/** Those of the last ones, from `ms` on. */
const [MS, SEQ, INDEX, PARTITION, TOUCHED] = [0, 1, 2, 3, 4];

const NOT_TOUCHED = new Uint8Array(MOST_ROWS);

/** Where a wanted property of the events of one name is found; −1 = not there. */
interface Place {
  readonly property: string;
  readonly number: number;
  readonly text: number;
  readonly json: number;
}

/** Where the events of a chunk stand in the log. */
interface Stands {
  readonly ms: Float64Array;
  readonly seq: Float64Array;
  readonly index: Int32Array;
  readonly partition: Int32Array;
}

/** What the events of a chunk read from. */
interface Batch {
  readonly reading: Reading;
  readonly known: Float64Array;
  readonly at: Float64Array;
  /** Places among the names. */
  readonly name: Int32Array;
  readonly touched: Uint8Array;
  readonly numbers: readonly NumberLane[];
  readonly texts: readonly TextLane[];
  readonly jsons: readonly TextLane[];
  readonly chunk: Chunk;
  /** Read when somebody asks: few do. */
  stands: Stands | undefined;
}

/** What all chunks of one result have in common. */
interface Reading {
  /** From 1 on, as the database counts. */
  readonly names: readonly string[];
  /** By name of event. */
  readonly places: readonly (readonly Place[])[];
  /** The column that tells where in the log an event stands: `ms`, with `seq`, `idx` behind it. */
  readonly firstStand: number;
  /** Of a reading of one part: its partition, for each row. Else it is a column. */
  readonly partition: Int32Array | undefined;
  /** By lane: each knows whether its words come again. */
  readonly textAt: readonly ((lane: TextLane, row: number) => string)[];
  readonly jsonAt: readonly ((lane: TextLane, row: number) => Property | undefined)[];
}

/**
 * Answers a function that makes events of the chunks of a result, one after the other.
 *
 * @param partition of the part, when the rows are those of one
 */
export function createLeanReader(
  query: LeanQuery,
  lanes: Lanes,
  partition: number | undefined,
): (chunk: Chunk) => LeanEvent[] {
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
  const firstStand = FIRST_LANE + lanes.typed.length + lanes.json;
  const reading: Reading = {
    names: ["", ...names],
    places: [[], ...places],
    firstStand,
    partition: partition === undefined ? undefined : new Int32Array(MOST_ROWS).fill(partition),
    textAt: textColumns.map(createTextReader),
    jsonAt: jsonColumns.map(createJsonReader),
  };
  let run = 0;
  let entity: EntityRef = { kind, id: "" };
  let fits = true;

  return (chunk) => {
    const { rows } = chunk;
    const runs = chunk.integers(RUN);
    const who = new TextLane(chunk, ENTITY);
    const touched = partition === undefined ? chunk.data(firstStand + TOUCHED, 1) : NOT_TOUCHED;
    const batch: Batch = {
      reading,
      known: chunk.doubles(KNOWN),
      at: chunk.doubles(AT),
      name: chunk.integers(NAME),
      touched,
      numbers: numberColumns.map((column) => numberLane(chunk, column)),
      texts: textColumns.map((column) => new TextLane(chunk, column)),
      jsons: jsonColumns.map((column) => new TextLane(chunk, column)),
      chunk,
      stands: undefined,
    };
    const events = new Array<LeanEvent>(rows);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (runs[row] !== run) {
        if (runs[row] < run) throw new Error("the rows of a part do not stand in the order of its runs");
        run = runs[row];
        entity = { kind, id: nameAt(who, row) };
        fits = idOf(entity.id) !== undefined; // SQL counts code points
      }
      if (fits || touched[row] === 0) events[count++] = new LeanEvent(batch, row, entity);
    }
    events.length = count;
    return events;
  };
}

/** An event whose properties are put together whenever somebody asks for all of them: those who want few ask for these. */
export class LeanEvent implements LoggedEvent {
  readonly entity: EntityRef;
  readonly batch: Batch;
  readonly row: number;

  constructor(batch: Batch, row: number, entity: EntityRef) {
    this.batch = batch;
    this.row = row;
    this.entity = entity;
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
    return standsOf(this.batch).partition[this.row];
  }
  get touched(): boolean {
    return this.batch.touched[this.row] === 1;
  }
  get position(): Position {
    const { ms, seq, index } = standsOf(this.batch);
    return { ms: ms[this.row], seq: seq[this.row], index: index[this.row] };
  }
  get properties(): Readonly<Record<string, Property>> {
    return propertiesAt(this.batch, this.row);
  }
  /** Those of a name are few, so looking for it takes less than making a record. */
  property(name: string): Property | undefined {
    const { batch, row } = this;
    for (const place of batch.reading.places[batch.name[row]])
      if (place.property === name) return valueAt(batch, place, row);
    return undefined;
  }
  has(name: string): boolean {
    const { batch, row } = this;
    for (const place of batch.reading.places[batch.name[row]])
      if (place.property === name) return hasValue(batch, place, row);
    return false;
  }
}

function standsOf(batch: Batch): Stands {
  batch.stands ??= readStands(batch.chunk, batch.reading);
  return batch.stands;
}

const readStands = (chunk: Chunk, { firstStand, partition }: Reading): Stands => ({
  ms: chunk.doubles(firstStand + MS),
  seq: chunk.doubles(firstStand + SEQ),
  index: chunk.integers(firstStand + INDEX),
  partition: partition ?? chunk.integers(firstStand + PARTITION),
});

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

const hasValue = ({ reading, numbers, texts, jsons }: Batch, { number, text, json }: Place, row: number): boolean =>
  (number >= 0 && has(numbers[number], row)) ||
  (text >= 0 && has(texts[text], row)) ||
  (json >= 0 && reading.jsonAt[json](jsons[json], row) !== undefined);
