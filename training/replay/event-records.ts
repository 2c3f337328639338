import type { Property } from "../../src/events/event.ts";
import { type LoggedEvent, propertyOf } from "../../src/events/event-log.ts";
import type { Position } from "../../src/events/position.ts";
import type { SeenEvent } from "../../src/features/feature.ts";
import { moved } from "./room.ts";

/** Numbers of every record; those of its properties follow. */
const [KEY, KNOWN, AT, MS, SEQ, PLACE, WHAT, FIRST] = [0, 1, 2, 3, 4, 5, 6, 7];
/** PLACE = index × LOW + partition, which is their order in the log. WHAT = (row + 1) × LOW + name. */
const LOW = 65_536;
/** The upper half of a double that is no number. */
const NO_NUMBER = 0x7ff8_0000;
/** Of an event without properties. */
export const LEAST_RECORD_BYTES = 8 * FIRST;

/**
 * Events put down in memory: whom they are of, when they happened and became known, where they stand in the log, what a reducer looks at,
 * and which row they are. One record after the other in one array, so that an event anywhere is one or two lines of the
 * cache. The n-th wanted property of an event stands in the n-th place, whichever it is.
 *
 * Memory: 56 bytes an event and 8 for each property; each different text once.
 */
export class EventRecords {
  readonly #wanted: (event: string) => readonly string[];
  readonly #codes = new Map<string, number>();
  readonly #words = new Map<Property, number>();
  #lastName: string | undefined;
  #lastCode = 0;
  #room: number;
  /** No record is here or beyond. */
  #reached = 0;
  /** What follows is for the events that are shown. */
  readonly names: string[] = [];
  readonly places: (readonly string[])[] = [];
  readonly values: (Property | undefined)[] = [undefined];
  width = FIRST;
  numbers: Float64Array;
  /** The same memory. */
  halves: Int32Array;

  /**
   * @param wanted the properties that are looked at in an event of this name
   * @param room how many there may be: room that is never reached costs no memory. More than that may come.
   */
  constructor(wanted: (event: string) => readonly string[], room: number) {
    this.#wanted = wanted;
    this.#room = Math.max(1, room);
    this.numbers = new Float64Array(this.#room * this.width);
    this.halves = new Int32Array(this.numbers.buffer);
  }

  /** How many there may be before they are moved. */
  get room(): number {
    return this.#room;
  }
  /** What all of the room takes. It grows when an event comes that carries more than those before. */
  get bytes(): number {
    return this.numbers.byteLength;
  }
  /** How many different texts are held. */
  get texts(): number {
    return this.values.length;
  }

  /**
   * Puts an event down at a place that is free.
   *
   * @param key whom it is of
   * @param row −1 = none
   */
  put(record: number, key: number, event: LoggedEvent, row: number): void {
    const { name } = event;
    const code = name === this.#lastName ? this.#lastCode : this.#codeOf(name);
    if (record >= this.#room) this.#layOut(2 * record, this.width);
    if (record >= this.#reached) this.#reached = record + 1;
    const { numbers, halves } = this;
    const from = record * this.width;
    const { ms, seq, index } = event.position;
    numbers[from + KEY] = key;
    numbers[from + KNOWN] = event.known;
    numbers[from + AT] = event.at;
    numbers[from + MS] = ms;
    numbers[from + SEQ] = seq;
    numbers[from + PLACE] = index * LOW + event.partition;
    numbers[from + WHAT] = (row + 1) * LOW + code;
    const some = this.places[code];
    for (let i = 0; i < some.length; i++) {
      const place = from + FIRST + i;
      const value = propertyOf(event, some[i]);
      if (typeof value === "number" && !Number.isNaN(value)) numbers[place] = value;
      else {
        // in the lower half of what is no number stands which of the values it is
        halves[2 * place] = typeof value === "string" || typeof value === "boolean" ? this.#wordOf(value) : 0;
        halves[2 * place + 1] = NO_NUMBER;
      }
    }
  }

  /** Whom the event is of. */
  key(record: number): number {
    return this.numbers[record * this.width + KEY];
  }
  /** When the event became known, ms. */
  known(record: number): number {
    return this.numbers[record * this.width + KNOWN];
  }
  /** −1 = none. */
  row(record: number): number {
    return Math.floor(this.numbers[record * this.width + WHAT] / LOW) - 1;
  }
  partition(record: number): number {
    return this.numbers[record * this.width + PLACE] % LOW;
  }
  position(record: number): Position {
    const { numbers } = this;
    const from = record * this.width;
    const index = Math.floor(numbers[from + PLACE] / LOW);
    return { ms: numbers[from + MS], seq: numbers[from + SEQ], index };
  }
  /** By (known, position, partition). 0 = the same event. */
  compare(a: number, b: number): number {
    const { numbers, width } = this;
    const x = a * width;
    const y = b * width;
    return (
      numbers[x + KNOWN] - numbers[y + KNOWN] ||
      numbers[x + MS] - numbers[y + MS] ||
      numbers[x + SEQ] - numbers[y + SEQ] ||
      numbers[x + PLACE] - numbers[y + PLACE]
    );
  }

  #codeOf(name: string): number {
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.names.push(name) - 1;
      if (code >= LOW) throw new Error("more names of events than records can tell apart");
      const some = this.#wanted(name);
      this.places.push(some);
      this.#codes.set(name, code);
      if (FIRST + some.length > this.width) this.#layOut(this.#room, FIRST + some.length);
    }
    this.#lastName = name;
    this.#lastCode = code;
    return code;
  }

  #wordOf(value: Property): number {
    const known = this.#words.get(value);
    if (known !== undefined) return known;
    const code = this.values.push(value) - 1;
    this.#words.set(value, code);
    return code;
  }

  /** Room for more records, or wider ones. */
  #layOut(room: number, width: number): void {
    const before = this.halves;
    const old = 2 * this.width;
    this.numbers = new Float64Array(room * width);
    this.halves = new Int32Array(this.numbers.buffer);
    if (width === this.width) moved(before, this.halves);
    else
      for (let i = 0; i < this.#reached; i++) this.halves.set(before.subarray(i * old, (i + 1) * old), 2 * i * width);
    this.#room = room;
    this.width = width;
  }
}

/** An event of the records. One object shows one after the other. */
export class RecordedEvent implements SeenEvent {
  readonly #records: EventRecords;
  #from = 0;
  #code = 0;
  name = "";
  at = Number.NaN;

  constructor(records: EventRecords) {
    this.#records = records;
  }

  /** Becomes the event of this record. Answers its row, −1 = none. */
  show(record: number): number {
    const { numbers, names, width } = this.#records;
    const from = record * width;
    const what = numbers[from + WHAT];
    const row = Math.floor(what / LOW);
    this.#from = from + FIRST;
    this.#code = what - row * LOW;
    this.name = names[this.#code];
    this.at = numbers[from + AT];
    return row - 1;
  }

  property(name: string): Property | undefined {
    const some = this.#records.places[this.#code];
    for (let i = 0; i < some.length; i++) if (some[i] === name) return this.#valueAt(this.#from + i);
    return undefined;
  }

  get properties(): Readonly<Record<string, Property>> {
    const found: Record<string, Property> = {};
    const some = this.#records.places[this.#code];
    for (let i = 0; i < some.length; i++) {
      const value = this.#valueAt(this.#from + i);
      if (value !== undefined) found[some[i]] = value;
    }
    return found;
  }

  #valueAt(place: number): Property | undefined {
    const { numbers, halves, values } = this.#records;
    const value = numbers[place];
    return Number.isNaN(value) ? values[halves[2 * place]] : value;
  }
}
