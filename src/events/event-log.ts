import type { PortraitError } from "../errors.ts";
import type { EntityRef, Event, Property } from "./event.ts";
import type { Position } from "./position.ts";

/** The door into the log. Success means durable. */
export interface EventLog {
  /**
   * Appends all events, or throws (REDIS_AWAY, REDIS_FULL, TOO_BUSY) and promises nothing: the caller
   * sends again with the same ids, and what was already taken is recognised.
   */
  append(events: readonly Event[]): Promise<void>;
  /** Why an append would be refused at this moment, as far as is known without asking anybody; undefined = go on. */
  refusal?(): PortraitError | undefined;
}

/** An event with its place in the log. */
export interface LoggedEvent extends Event {
  readonly partition: number;
  readonly position: Position;
  /** It did not happen to its `entity`, but names it in a property: a second entity of the event. */
  readonly touched?: boolean;
  /** One of its `properties`, without putting all of them together, where a reader can. */
  property?(name: string): Property | undefined;
  /** Whether it has one of this name, without reading what it says, where a reader can. */
  has?(name: string): boolean;
}

/** A property of an event by its name; undefined = it has none. Cost: no record is made where the reader can do without. */
export function propertyOf(event: Pick<LoggedEvent, "properties" | "property">, name: string): Property | undefined {
  if (event.property) return event.property(name);
  const { properties } = event;
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** Whether an event has a property of this name. Cost: no text is made where the reader can do without. */
export const hasProperty = (event: Pick<LoggedEvent, "properties" | "property" | "has">, name: string): boolean =>
  event.has ? event.has(name) : propertyOf(event, name) !== undefined;

/** What to read from the lake. Every bound is optional. */
export interface LakeQuery {
  /** Only entities of this kind. */
  readonly kind?: string;
  /** Only these entities (for checks; a handful). */
  readonly entities?: readonly EntityRef[];
  /** Only what was known at this moment, ms. */
  readonly knownUntil?: number;
  /**
   * With `kind`: also the entities that this property of the events names (`terminal` through `terminal_id`), as
   * `secondEntities` finds them, beside those that events happened to. Each event carries the entity it was found for
   * as its `entity`, and so appears once for each; partition and position stay those of the log.
   */
  readonly through?: string;
  /** Not what happened to entities of this kind: as if the lake did not hold it. */
  readonly notOf?: string;
  /**
   * The reader asks of an event of this name for no other properties than these, and for no ids: a lake may leave out
   * the rest, which makes reading several times as fast. Absent = everything.
   */
  readonly properties?: (event: string) => readonly string[];
  /** Only entities that have an event known at this moment, ms, or later; of those all events. */
  readonly touchedSince?: number;
}

/** How many events there are, and between which moments (ms). Moments are undefined when there are none. */
export interface LakeExtent {
  readonly events: number;
  readonly firstAt?: number;
  readonly lastKnown?: number;
  /** Somebody is being erased: readings leave out what happened to him, though not yet what it did to others. */
  readonly erasing?: true;
}

/** The truth, read back: immutable Parquet parts. */
export interface Lake {
  /**
   * Events entity by entity (kind, id), within an entity by (known, position); in batches, so memory stays bounded.
   * Each accepted event appears exactly once.
   */
  readByEntity(query: LakeQuery): AsyncIterable<readonly LoggedEvent[]>;
  /** The last position that the lake holds of each partition; a partition without parts is left out. */
  end(): Promise<ReadonlyMap<number, Position>>;
  /** How far it goes: what can be said without reading any event. */
  extent(): Promise<LakeExtent>;
  /** How much it holds; every event is looked at, to tell entities apart. Moments are undefined when it is empty. */
  summary(): Promise<{ events: number; entities: number; firstAt?: number; lastAt?: number; lastKnown?: number }>;
}
