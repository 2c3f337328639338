import type { Event, Property } from "../events/event.ts";

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
  encode(state: State): Uint8Array;
  /** A new state, or the memory of a `spent` one. @throws PortraitError STATE_FROM_OTHER_CATALOGUE */
  decode(bytes: Uint8Array, spent?: State): State;
}

/** Names, types and values of the features in one reading, for people and for rules. */
export type Reading = ReadonlyMap<string, Property>;
