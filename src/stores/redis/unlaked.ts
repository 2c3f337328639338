import type { LoggedText } from "../../events/logged-text.ts";
import type { Position } from "../../events/position.ts";
import { type EntryId, NO_ENTRY } from "../entry-id.ts";
import type { Stretch } from "../lake/lake-writer.ts";

const name = ({ entity, id }: LoggedText): string => `${entity.kind}:${entity.id}\u0000${id}`;

/** What is applied in one partition and not yet in the lake. */
export class Unlaked {
  readonly #partition: number;
  #rows: LoggedText[] = [];
  #flushing: readonly LoggedText[] = [];
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
  }

  get rows(): number {
    return this.#rows.length + this.#flushing.length;
  }

  /** Whether the lake is to be written soon, rows or not: an erasure waits for it. */
  get due(): boolean {
    return this.#due;
  }

  /**
   * Takes one whole entry, with those of its events that are no duplicates.
   *
   * @param due the lake must reach this entry, even if it has no rows
   */
  add(entry: EntryId, events: number, accepted: readonly LoggedText[], due = false): void {
    this.#due ||= due;
    this.#first ??= entry;
    this.#last = { ...entry, index: Math.max(0, events - 1) };
    this.#entries++;
    for (const row of accepted) this.#rows.push(row);
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
    this.#rows = [];
    this.#names = undefined;
    this.#first = undefined;
    this.#last = undefined;
    this.#entries = 0;
    this.#due = false;
    return stretch;
  }

  /** The stretch that was taken is in the lake. */
  written(): void {
    this.#flushing = [];
    this.#names = undefined;
  }

  /** Whether this event, by entity and id, is among the rows. */
  has(event: LoggedText): boolean {
    if (!this.#names) {
      this.#names = new Set(this.#flushing.map(name));
      this.#named = 0;
    }
    for (; this.#named < this.#rows.length; this.#named++) this.#names.add(name(this.#rows[this.#named]));
    return this.#names.has(name(event));
  }
}
