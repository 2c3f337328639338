import { type EntityRef, entityKey } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";
import { extendReach, NO_REACH, type Reach } from "../events/reach.ts";
import type { SipHash } from "../events/siphash.ts";
import type { Reducer, State } from "./feature.ts";
import { KnownIds } from "./known-ids.ts";
import { dayOf, encodeStored, olderThanIds, openStored } from "./stored-value.ts";

/** One entity while its events are applied. */
export interface Opened {
  readonly entity: EntityRef;
  readonly ids: KnownIds;
  /** Newest day among the ids that the store still held: what is older may have been forgotten. */
  readonly newestDay: number;
  state: State;
  reach: Reach;
  changed: boolean;
}

export interface ApplyRules {
  readonly reducer: Reducer;
  readonly horizonDays: number;
  readonly hash: SipHash;
}

/** What a chunk did: the values to store by entity key, and which of the events were duplicates. */
export interface Applied {
  readonly values: ReadonlyMap<string, { readonly entity: EntityRef; readonly bytes: Buffer }>;
  /** By the index of the event in the chunk. */
  readonly duplicate: Uint8Array;
}

/** Opens what the store holds of each entity that `events` touch. `stored` is keyed by entity key. */
export function openEntities(
  events: readonly LoggedEvent[],
  stored: ReadonlyMap<string, Uint8Array>,
  { reducer }: ApplyRules,
): Map<string, Opened> {
  const opened = new Map<string, Opened>();
  for (const { entity } of events) {
    const key = entityKey(entity);
    if (opened.has(key)) continue;
    const value = stored.get(key);
    if (!value) {
      const ids = new KnownIds();
      opened.set(key, { entity, ids, newestDay: -1, state: reducer.empty(), reach: NO_REACH, changed: false });
      continue;
    }
    const { reach, ids, bytes } = openStored(value);
    opened.set(key, {
      entity,
      ids,
      newestDay: ids.newestDay(),
      state: reducer.decode(bytes),
      reach,
      changed: false,
    });
  }
  return opened;
}

/** The events whose ids may have been forgotten: only the log itself can tell whether they are in it already. */
export function oldEvents<E extends LoggedEvent>(
  events: readonly E[],
  opened: ReadonlyMap<string, Opened>,
  { horizonDays }: ApplyRules,
): E[] {
  return events.filter(({ entity, at }) =>
    olderThanIds(at, opened.get(entityKey(entity))?.newestDay ?? -1, horizonDays),
  );
}

/**
 * Applies events in log order: each id once per entity. Pure; the same events and values give the same answer.
 *
 * @param held events that the log holds already (found among `oldEvents`)
 */
export function applyChunk(
  events: readonly LoggedEvent[],
  opened: ReadonlyMap<string, Opened>,
  held: ReadonlySet<LoggedEvent>,
  { reducer, horizonDays, hash }: ApplyRules,
): Applied {
  const duplicate = new Uint8Array(events.length);
  events.forEach((event, i) => {
    const one = opened.get(entityKey(event.entity));
    if (!one) throw new Error("every entity of a chunk is opened before it is applied");
    hash.hash(event.id);
    if (one.ids.has(hash.low, hash.high) || held.has(event)) {
      duplicate[i] = 1;
      return;
    }
    one.ids.add(hash.low, hash.high, dayOf(event.known));
    reducer.write(one.state, event);
    one.reach = extendReach(one.reach, event.partition, event.position);
    one.changed = true;
  });
  const values = new Map<string, { entity: EntityRef; bytes: Buffer }>();
  for (const [key, { entity, ids, state, reach, changed }] of opened)
    if (changed) values.set(key, { entity, bytes: encodeStored(reach, ids, horizonDays, reducer.encode(state)) });
  return { values, duplicate };
}
