import { type EntityRef, entityKey } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";
import { NO_REACH } from "../events/reach.ts";
import type { SipHash } from "../events/siphash.ts";
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

/** What a chunk did: the values to store by entity key, and which of its events were duplicates. */
export interface Applied {
  readonly values: ReadonlyMap<string, StoredValue & { readonly entity: EntityRef }>;
  /** By the index of the event in the chunk. */
  readonly duplicate: Uint8Array;
}

/** Ids of a sealed day to be read before the chunk can be judged. */
export interface WantedBuckets {
  readonly entity: EntityRef;
  readonly day: number;
  readonly buckets: readonly number[];
}

/** One entity while its events are applied. */
interface Opened {
  readonly entity: EntityRef;
  readonly reducer: Reducer;
  readonly ids: KnownIds;
  /** Newest day among the ids that the store still held: what is older may have been forgotten. */
  readonly newestDay: number;
  readonly state: State;
  readonly reach: ReachSoFar;
  changed: boolean;
}

/** Every entity that a chunk touches, each once. */
export function entitiesOf(chunk: Chunk<LoggedEvent>): EntityRef[] {
  const found = new Map<string, EntityRef>();
  const note = (entity: EntityRef) => void found.set(entityKey(entity), entity);
  chunk.events.forEach(({ entity }, i) => {
    note(entity);
    for (const second of chunk.here[i]) note(second);
  });
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
  readonly #opened = new Map<string, Opened>();
  /** Beside `events`: to whom each happened, and the hash of its id. */
  readonly #whose: Opened[];
  readonly #low: Float64Array;
  readonly #high: Float64Array;

  /** @param stored values by entity key */
  constructor(chunk: Chunk<E>, stored: ReadonlyMap<string, Uint8Array>, rules: ApplyRules) {
    this.#chunk = chunk;
    this.#rules = rules;
    const { events } = chunk;
    for (const entity of entitiesOf(chunk)) this.#open(entity, stored.get(entityKey(entity)));
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
    const accepted = new Map<Opened, Set<string>>();
    events.forEach((event, i) => {
      const one = this.#whose[i];
      const ids = accepted.get(one) ?? new Set<string>();
      if (ids.size === 0) accepted.set(one, ids);
      if (held.has(event) || ids.has(event.id)) {
        duplicate[i] = 1;
        return;
      }
      ids.add(event.id);
      one.ids.add(this.#low[i], this.#high[i], dayOf(event.known));
      write(one, event);
      for (const second of here[i]) write(this.#of(second), event);
    });
    for (const event of forwarded) write(this.#of(event.entity), event);

    const values = new Map<string, StoredValue & { entity: EntityRef }>();
    for (const [key, { entity, reducer, ids, state, reach, changed }] of this.#opened)
      if (changed)
        values.set(key, {
          entity,
          ...encodeStored(reach.now(), ids, this.#rules.horizonDays, reducer.encode(state)),
        });
    return { values, duplicate };
  }

  #of(entity: EntityRef): Opened {
    const one = this.#opened.get(entityKey(entity));
    if (!one) throw new Error("every entity of a chunk is opened before it is applied");
    return one;
  }

  #open(entity: EntityRef, value: Uint8Array | undefined): void {
    const reducer = this.#rules.reducers.of(entity.kind);
    const { reach, ids, bytes } = value
      ? openStored(value)
      : { reach: NO_REACH, ids: new KnownIds(), bytes: undefined };
    this.#opened.set(entityKey(entity), {
      entity,
      reducer,
      ids,
      newestDay: ids.newestDay(),
      state: bytes ? reducer.decode(bytes) : reducer.empty(),
      reach: new ReachSoFar(reach),
      changed: false,
    });
  }
}

function write(one: Opened, event: LoggedEvent): void {
  one.reducer.write(one.state, event);
  one.reach.extend(event.partition, event.position);
  one.changed = true;
}
