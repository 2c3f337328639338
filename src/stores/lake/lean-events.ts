import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { EntityRef, Property } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import type { Position } from "../../events/position.ts";
import { idOf } from "../../features/entity-kinds.ts";
import { sqlList, sqlText } from "./duckdb.ts";

/** More names than these are read as they stand. */
export const MOST_NAMES = 64;

/** What DuckDB keeps of numbers: they are read where they lie, without an object each. */
interface Lane {
  readonly items: Float64Array | Int32Array | Uint16Array;
}
interface Words {
  getItem(row: number): unknown;
}

interface Batch {
  readonly names: readonly string[];
  readonly properties: readonly string[];
  readonly partition: Lane;
  readonly ms: Lane;
  readonly seq: Lane;
  readonly index: Lane;
  readonly at: Lane;
  readonly known: Lane;
  readonly name: Lane;
  /** By property: its number, NaN when it is none; and the JSON text of what is no number. */
  readonly numbers: readonly Lane[];
  readonly texts: readonly Words[];
}

/** The columns of a reading that carries only these properties, and no ids. `rows` is an SQL relation of events. */
export function leanColumns(rows: string, names: readonly string[], properties: readonly string[]): string {
  const pointers = properties.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  const wanted = pointers.length === 0 ? "NULL" : `json_extract(properties, ${sqlList(pointers)})`;
  const cases = names.map((name, code) => `WHEN ${sqlText(name)} THEN ${code}`).join(" ");
  const number = (place: number) => `TRY_CAST(wanted[${place + 1}]::VARCHAR AS DOUBLE)`;
  const values = properties.flatMap((_, place) => [
    `COALESCE(${number(place)}, 'nan'::DOUBLE) AS number_${place}`,
    `CASE WHEN ${number(place)} IS NULL THEN wanted[${place + 1}]::VARCHAR END AS text_${place}`,
  ]);
  return (
    "SELECT partition, ms::DOUBLE AS ms_, seq::DOUBLE AS seq_, idx, entity, (hash(entity) >> 11)::DOUBLE AS mark, touched, " +
    `at_ms::DOUBLE AS at_, known_ms::DOUBLE AS known_, (CASE name ${cases} ELSE 0 END)::USMALLINT AS name_, ` +
    `kind AS kind_${values.map((value) => `, ${value}`).join("")} FROM (SELECT *, ${wanted} AS wanted FROM ${rows})`
  );
}

/**
 * Answers a function that turns chunks of such a reading, sorted by entity, into events. An entity is told from the
 * one before it by 53 bits of a hash, so that its name is read once.
 */
export function createLeanReader(names: readonly string[], properties: readonly string[]) {
  let entity: EntityRef | undefined;
  let mark = Number.NaN;
  let fits = true;

  return (chunk: DuckDBDataChunk): LoggedEvent[] => {
    const lane = (column: number) => chunk.getColumnVector(column) as unknown as Lane;
    const words = (column: number) => chunk.getColumnVector(column) as Words;
    const batch: Batch = {
      names,
      properties,
      partition: lane(0),
      ms: lane(1),
      seq: lane(2),
      index: lane(3),
      at: lane(7),
      known: lane(8),
      name: lane(9),
      numbers: properties.map((_, place) => lane(11 + 2 * place)),
      texts: properties.map((_, place) => words(12 + 2 * place)),
    };
    const [who, marks, touched, kind] = [words(4), lane(5).items, words(6), words(10)];
    const events: LoggedEvent[] = [];
    for (let row = 0; row < chunk.rowCount; row++) {
      if (marks[row] !== mark || !entity) {
        mark = marks[row];
        entity = { kind: kind.getItem(row) as string, id: who.getItem(row) as string };
        fits = idOf(entity.id) !== undefined;
      }
      const second = touched.getItem(row) === true;
      if (fits || !second) events.push(new LeanEvent(batch, row, entity, second));
    }
    return events;
  };
}

/** An event whose properties are put together when somebody asks for them. */
class LeanEvent implements LoggedEvent {
  readonly entity: EntityRef;
  readonly touched: boolean;
  readonly #batch: Batch;
  readonly #row: number;
  #properties: Readonly<Record<string, Property>> | undefined;

  constructor(batch: Batch, row: number, entity: EntityRef, touched: boolean) {
    this.#batch = batch;
    this.#row = row;
    this.entity = entity;
    this.touched = touched;
    this.#properties = undefined;
  }

  /** Left out. */
  get id(): string {
    return "";
  }
  get name(): string {
    return this.#batch.names[this.#batch.name.items[this.#row]];
  }
  get at(): number {
    return this.#batch.at.items[this.#row];
  }
  get known(): number {
    return this.#batch.known.items[this.#row];
  }
  get partition(): number {
    return this.#batch.partition.items[this.#row];
  }
  get position(): Position {
    const { ms, seq, index } = this.#batch;
    return { ms: ms.items[this.#row], seq: seq.items[this.#row], index: index.items[this.#row] };
  }
  get properties(): Readonly<Record<string, Property>> {
    this.#properties ??= propertiesAt(this.#batch, this.#row);
    return this.#properties;
  }
}

function propertiesAt({ properties, numbers, texts }: Batch, row: number): Record<string, Property> {
  const found: Record<string, Property> = {};
  for (let place = 0; place < properties.length; place++) {
    const number = numbers[place].items[row];
    if (!Number.isNaN(number)) {
      found[properties[place]] = number;
      continue;
    }
    const text = texts[place].getItem(row);
    if (typeof text === "string") found[properties[place]] = JSON.parse(text) as Property;
  }
  return found;
}
