import type { Event, Property } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";

/**
 * What the catalogue says of a feature. The declaration is data, so that users declare their own;
 * how each kind is written and read is in `kinds/`, a kind a file.
 */
export interface FeatureFace {
  /** `what_window`, e.g. `orders_90d`. */
  readonly name: string;
  readonly type: "number" | "category";
  /** "orders", "days", "currency", "share" … */
  readonly unit: string;
  /** "90 days", "24 hours", "all time". */
  readonly window: string;
  /** One line for people, a noun phrase: "orders in the last 90 days". */
  readonly about: string;
}

/**
 * One reading of a state: all features at one moment, in two lanes.
 * `numbers[i]` belongs to the i-th feature of type number (NaN = missing),
 * `texts[i]` to the i-th of type category (undefined = missing).
 */
export interface Row {
  readonly numbers: Float64Array;
  readonly texts: (string | undefined)[];
}

/** Room for readings: one every `width` numbers, which may be more than a reading has. */
export interface Block {
  readonly width: number;
  readonly numbers: Float64Array;
  /** The same, reading by reading. */
  readonly rows: readonly Row[];
}

/** Moments at which an entity is read while its events are written, in order. Neither `before` nor `now` ever falls. */
export interface Moments {
  readonly count: number;
  /** How many of its events are written before each. */
  readonly before: Int32Array;
  /** ms; not before the events that are written. */
  readonly now: Float64Array;
  /** Whether the event after those, `events[before[k]]`, is in flight. */
  readonly inFlight: boolean;
}

/** A stretch of an entity's life: from the `written`-th of its events on, which the state holds, through some moments. */
export interface Stretch {
  readonly events: readonly SeenEvent[];
  readonly written: number;
  readonly moments: Moments;
  /** The first of the moments, and the one after the last. */
  readonly from: number;
  readonly until: number;
}

/** What a reducer looks at in an event. */
export type SeenEvent = Pick<LoggedEvent, "name" | "at" | "properties" | "property">;

/** Opaque to all but the reducer that made it. */
export interface State {
  readonly catalogue: string;
}

/**
 * The one reducer, live and replayed.
 *
 * `write` commutes: any order of the same events ends in the same bytes. It is given each event once;
 * recognising a redelivery is the log's business. `read` is a pure function of (bytes, now, event in flight), and
 * `decode(encode(s))` reads as `s` does.
 */
export interface Reducer {
  readonly features: readonly FeatureFace[];
  /** Digest of all declarations. A state carries it; another catalogue's state is refused, and rebuilt by replay. */
  readonly digest: string;
  /** The properties that it looks at in an event of this name; undefined = any. */
  properties?(event: string): readonly string[];
  /** A new state; of one that nobody needs any more (`spent`) its memory is used again. */
  empty(spent?: State): State;
  write(state: State, event: Pick<Event, "name" | "at" | "properties">): void;
  /**
   * Reads into `row` when it is given (its arrays are overwritten), else into a new one. `inFlight` is the event that
   * is being scored and not yet in the state, for the features that look at what it brings.
   */
  read(state: State, now: number, row?: Row, inFlight?: Pick<Event, "name" | "properties">): Row;
  /**
   * Reads a state at moments while it is written, into the rows of a block from the `place`-th on; the events before the
   * last moment are in the state then. The same to the bit as `write` and `read` by turns (`followByTurns`), which stands
   * in for a reducer without it.
   */
  follow?(state: State, stretch: Stretch, block: Block, place: number): void;
  encode(state: State): Uint8Array;
  /** A new state, or the memory of a `spent` one. @throws PortraitError STATE_FROM_OTHER_CATALOGUE */
  decode(bytes: Uint8Array, spent?: State): State;
}

/** Names, types and values of the features in one reading, for people and for rules. */
export type Reading = ReadonlyMap<string, Property>;
