import { unpackEntry } from "../../events/entry-codec.ts";
import type { LoggedText } from "../../events/logged-text.ts";
import type { Position } from "../../events/position.ts";
import { type EntryId, NO_ENTRY } from "../entry-id.ts";
import type { Rows, Stretch } from "../lake/lake-writer.ts";
import { countMasked, type Entry, isMasked } from "./ingest-entry.ts";

const name = ({ entity, id }: LoggedText): string => `${entity.kind}:${entity.id}\u0000${id}`;

/** One entry that is applied, and which of its events are duplicates. */
interface Judged {
  readonly id: EntryId;
  readonly bytes: Buffer;
  readonly mask: Buffer | undefined;
}

/**
 * Rows as the bytes of their entries, unpacked when they are asked for. Events wait for the lake for seconds: as
 * objects, every collection of garbage meanwhile would copy them or mark them, which costs more than unpacking again.
 */
class PackedRows implements Rows {
  readonly #partition: number;
  readonly #entries: Judged[] = [];
  length = 0;

  constructor(partition: number) {
    this.#partition = partition;
  }

  get entries(): number {
    return this.#entries.length;
  }

  add(entry: Judged, rows: number): void {
    this.#entries.push(entry);
    this.length += rows;
  }

  [Symbol.iterator](): Generator<LoggedText> {
    return this.after(0);
  }

  /** Without the first `skipped` entries. */
  *after(skipped: number): Generator<LoggedText> {
    for (let e = skipped; e < this.#entries.length; e++) {
      const { id, bytes, mask } = this.#entries[e];
      const events = unpackEntry(bytes, this.#partition, id.ms, id.seq);
      for (let i = 0; i < events.length; i++) if (!mask || !isMasked(mask, i)) yield events[i];
    }
  }
}

/** What is applied in one partition and not yet in the lake. */
export class Unlaked {
  readonly #partition: number;
  #rows: PackedRows;
  #flushing: PackedRows;
  /** Made when it is first asked for: few streams bring events so old that their ids were forgotten. */
  #names: Set<string> | undefined;
  #named = 0;
  #after: EntryId;
  #first: EntryId | undefined;
  #last: Position | undefined;
  #entries = 0;
  #due = false;

  /** @param after where the lake ends */
  constructor(partition: number, after: EntryId = NO_ENTRY) {
    this.#partition = partition;
    this.#after = after;
    this.#rows = new PackedRows(partition);
    this.#flushing = new PackedRows(partition);
  }

  get rows(): number {
    return this.#rows.length + this.#flushing.length;
  }

  /** Whether the lake is to be written soon, rows or not: an erasure waits for it. */
  get due(): boolean {
    return this.#due;
  }

  /**
   * Takes one whole entry with its verdicts.
   *
   * @returns how many of its events are no duplicates
   */
  add({ id, bytes, events, erasure }: Entry, mask: Buffer | undefined): number {
    this.#due ||= erasure !== undefined;
    this.#first ??= id;
    this.#last = { ...id, index: Math.max(0, events.length - 1) };
    this.#entries++;
    const accepted = events.length - countMasked(mask, events.length);
    if (accepted > 0) this.#rows.add({ id, bytes, mask }, accepted);
    return accepted;
  }

  /**
   * The stretch to write next, or undefined when there is none. A stretch of nothing but duplicates waits until it
   * is long: a part without rows is worth a file only to keep the log short, or to have an erasure behind it.
   */
  take(): Stretch | undefined {
    if (!this.#first || !this.#last || (this.#rows.length === 0 && this.#entries < 1_000 && !this.#due))
      return undefined;
    const stretch: Stretch = {
      partition: this.#partition,
      after: this.#after,
      first: this.#first,
      last: this.#last,
      rows: this.#rows,
    };
    this.#flushing = this.#rows;
    this.#after = { ms: this.#last.ms, seq: this.#last.seq };
    this.#rows = new PackedRows(this.#partition);
    this.#names = undefined;
    this.#first = undefined;
    this.#last = undefined;
    this.#entries = 0;
    this.#due = false;
    return stretch;
  }

  /** The stretch that was taken is in the lake. */
  written(): void {
    this.#flushing = new PackedRows(this.#partition);
    this.#names = undefined;
  }

  /** Whether this event, by entity and id, is among the rows. */
  has(event: LoggedText): boolean {
    if (!this.#names) {
      this.#names = new Set();
      for (const row of this.#flushing) this.#names.add(name(row));
      this.#named = 0;
    }
    for (const row of this.#rows.after(this.#named)) this.#names.add(name(row));
    this.#named = this.#rows.entries;
    return this.#names.has(name(event));
  }
}
