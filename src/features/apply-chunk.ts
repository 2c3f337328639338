import { type EntityRef, entityKey } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";
import { NO_REACH, type Reach } from "../events/reach.ts";
import type { SipHash } from "../events/siphash.ts";
import { EntityMap } from "./entity-map.ts";
import type { Reducer, State } from "./feature.ts";
import { idBucket, KnownIds } from "./known-ids.ts";
import { ReachSoFar } from "./reach-so-far.ts";
import type { Reducers } from "./reducers.ts";
import { dayOf, encodeStored, olderThanIds, openStored, type StoredValue } from "./stored-value.ts";

export interface ApplyRules {
  readonly reducers: Reducers;
  readonly horizonDays: number;
  readonly hash: SipHash;
}

/** What one partition applies in one commit. */
export interface Chunk<E extends LoggedEvent> {
  /** Events that happened to entities of this partition, in log order. */
  readonly events: readonly E[];
  /** Beside each of `events`: the second entities of it that live in this partition too. */
  readonly here: readonly (readonly EntityRef[])[];
  /** Events accepted elsewhere that touch entities of this partition, each with that entity as its `entity`. */
  readonly forwarded: readonly LoggedEvent[];
}

/** What a chunk did: the values to store, and which of its events were duplicates. */
export interface Applied {
  readonly values: readonly (StoredValue & { readonly entity: EntityRef })[];
  /** By the index of the event in the chunk. */
  readonly duplicate: Uint8Array;
}

/** Ids of a sealed day to be read before the chunk can be judged. */
export interface WantedBuckets {
  readonly entity: EntityRef;
  readonly day: number;
  readonly buckets: readonly number[];
}

/** One entity while its events are judged. */
interface Opened {
  readonly entity: EntityRef;
  /** Its encoded state; undefined = none yet. */
  readonly bytes: Uint8Array | undefined;
  readonly reach: Reach;
  readonly ids: KnownIds;
  /** Newest day among the ids that the store still held: what is older may have been forgotten. */
  readonly newestDay: number;
  /** What is to be written to its state. */
  readonly news: LoggedEvent[];
}

/** Every entity that a chunk touches, each once. */
export function entitiesOf(chunk: Chunk<LoggedEvent>): EntityRef[] {
  const found = new EntityMap<EntityRef>();
  const note = (entity: EntityRef) => void (found.get(entity) ?? found.set(entity, entity));
  for (let i = 0; i < chunk.events.length; i++) {
    note(chunk.events[i].entity);
    for (const second of chunk.here[i]) note(second);
  }
  for (const { entity } of chunk.forwarded) note(entity);
  return [...found.values()];
}

/**
 * A chunk with what the store holds of its entities, on the way to being applied. Pure; the same events and values give
 * the same answer. To be used in this order: `wantedBuckets` and `load`, `suspects`, `apply`.
 *
 * A message id is only ever taken for known by the log itself: the hashes in the values say which events need not be
 * looked up. So two ids with one hash cost a look-up, and no event.
 */
export class OpenChunk<E extends LoggedEvent> {
  readonly #chunk: Chunk<E>;
  readonly #rules: ApplyRules;
  readonly #opened = new EntityMap<Opened>();
  /** Beside `events`: to whom each happened, and the hash of its id. */
  readonly #whose: Opened[];
  readonly #low: Float64Array;
  readonly #high: Float64Array;

  /** @param stored values by entity key */
  constructor(chunk: Chunk<E>, stored: ReadonlyMap<string, Uint8Array>, rules: ApplyRules) {
    this.#chunk = chunk;
    this.#rules = rules;
    const { events } = chunk;
    for (const entity of entitiesOf(chunk)) this.#opened.set(entity, toOpened(entity, stored.get(entityKey(entity))));
    this.#whose = events.map(({ entity }) => this.#of(entity));
    this.#low = new Float64Array(events.length);
    this.#high = new Float64Array(events.length);
    events.forEach(({ id }, i) => {
      rules.hash.hash(id);
      this.#low[i] = rules.hash.low;
      this.#high[i] = rules.hash.high;
    });
  }

  wantedBuckets(): WantedBuckets[] {
    const wanted = new Map<Opened, Set<number>>();
    this.#whose.forEach((one, i) => {
      if (one.ids.sealedDays().length === 0) return;
      const buckets = wanted.get(one) ?? new Set<number>();
      wanted.set(one, buckets.add(idBucket(this.#high[i])));
    });
    return [...wanted].flatMap(([{ entity, ids }, buckets]) =>
      ids.sealedDays().map((day) => ({ entity, day, buckets: [...buckets] })),
    );
  }

  load({ entity, day, buckets }: WantedBuckets, bytes: readonly (Buffer | null)[]): void {
    const { ids } = this.#of(entity);
    buckets.forEach((bucket, i) => {
      ids.load(day, bucket, bytes[i]);
    });
  }

  /** The events that may be in the log already: their hash is known, or so old that it may have been forgotten. */
  suspects(): E[] {
    return this.#chunk.events.filter(({ at }, i) => {
      const { ids, newestDay } = this.#whose[i];
      return ids.has(this.#low[i], this.#high[i]) || olderThanIds(at, newestDay, this.#rules.horizonDays);
    });
  }

  /**
   * Applies the events in log order, each id once an entity.
   *
   * @param held those of the suspects that the log does hold
   */
  apply(held: ReadonlySet<LoggedEvent>): Applied {
    const { events, here, forwarded } = this.#chunk;
    const duplicate = new Uint8Array(events.length);
    const accepted = new AcceptedIds(events, this.#whose, duplicate);
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      const one = this.#whose[i];
      const known = one.ids.has(this.#low[i], this.#high[i]);
      if (held.has(event) || (known && accepted.has(i))) {
        duplicate[i] = 1;
        continue;
      }
      one.ids.add(this.#low[i], this.#high[i], dayOf(event.known));
      one.news.push(event);
      for (const second of here[i]) this.#of(second).news.push(event);
    }
    for (const event of forwarded) this.#of(event.entity).news.push(event);

    // one state is open at a time: a chunk of open states would leave the processor's cache, and outlive its garbage
    const values: (StoredValue & { readonly entity: EntityRef })[] = [];
    const spent = new Map<Reducer, State>();
    for (const one of this.#opened.values()) {
      if (one.news.length === 0) continue;
      const { bytes, sealed } = this.#write(one, spent);
      values.push({ entity: one.entity, bytes, sealed });
    }
    return { values, duplicate };
  }

  #of(entity: EntityRef): Opened {
    const one = this.#opened.get(entity);
    if (!one) throw new Error("every entity of a chunk is opened before it is applied");
    return one;
  }

  #write({ entity, bytes, reach, ids, news }: Opened, spent: Map<Reducer, State>): StoredValue {
    const { reducers, horizonDays } = this.#rules;
    const reducer = reducers.of(entity.kind);
    const before = spent.get(reducer);
    const state = bytes ? reducer.decode(bytes, before) : reducer.empty(before);
    if (!before) spent.set(reducer, state);
    const reached = new ReachSoFar(reach);
    for (const event of news) {
      reducer.write(state, event);
      reached.extend(event.partition, event.position);
    }
    return encodeStored(reached.now(), ids, horizonDays, reducer.encode(state));
  }
}

function toOpened(entity: EntityRef, value: Uint8Array | undefined): Opened {
  if (!value) return { entity, bytes: undefined, reach: NO_REACH, ids: new KnownIds(), newestDay: -1, news: [] };
  const { reach, ids, bytes } = openStored(value);
  return { entity, bytes, reach, ids, newestDay: ids.newestDay(), news: [] };
}

/** The ids that a chunk accepted before one of its events. Made when a hash says that one may have come twice. */
class AcceptedIds {
  readonly #events: readonly LoggedEvent[];
  readonly #whose: readonly Opened[];
  readonly #duplicate: Uint8Array;
  readonly #seen = new Map<Opened, Set<string>>();
  #upTo = 0;

  constructor(events: readonly LoggedEvent[], whose: readonly Opened[], duplicate: Uint8Array) {
    this.#events = events;
    this.#whose = whose;
    this.#duplicate = duplicate;
  }

  /** Whether an event before the `i`-th brought its id to its entity. Asked with `i` ascending. */
  has(i: number): boolean {
    for (; this.#upTo < i; this.#upTo++) {
      if (this.#duplicate[this.#upTo] === 1) continue;
      const one = this.#whose[this.#upTo];
      const ids = this.#seen.get(one);
      if (ids) ids.add(this.#events[this.#upTo].id);
      else this.#seen.set(one, new Set([this.#events[this.#upTo].id]));
    }
    return this.#seen.get(this.#whose[i])?.has(this.#events[i].id) ?? false;
  }
}
