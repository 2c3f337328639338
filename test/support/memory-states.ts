import { type EntityRef, type Event, entityKey, sameEntity } from "../../src/events/event.ts";
import type { EventLog, Lake, LoggedEvent } from "../../src/events/event-log.ts";
import { comparePositions } from "../../src/events/position.ts";
import type { Reducer, State } from "../../src/features/feature.ts";
import type { StateStore, StoredState } from "../../src/features/state-store.ts";

/** A log that applies at once, in one partition: what was appended is in the state and in the lake. */
export function memoryStates(reducer: Reducer): {
  readonly log: EventLog;
  readonly states: StateStore;
  readonly lake: Lake;
  readonly events: readonly LoggedEvent[];
  stateOf(entity: EntityRef): StoredState | undefined;
} {
  const events: LoggedEvent[] = [];
  const states = new Map<string, { state: State; stored: StoredState; entity: EntityRef }>();
  const ids = new Set<string>();

  const apply = (event: Event) => {
    if (ids.has(event.id)) return;
    ids.add(event.id);
    const logged: LoggedEvent = { ...event, partition: 0, position: { ms: event.known, seq: events.length, index: 0 } };
    events.push(logged);
    const key = entityKey(event.entity);
    const state = states.get(key)?.state ?? reducer.empty();
    reducer.write(state, event);
    states.set(key, {
      state,
      entity: event.entity,
      stored: { position: logged.position, bytes: reducer.encode(state) },
    });
  };

  return {
    events,
    stateOf: (entity) => states.get(entityKey(entity))?.stored,
    log: {
      async append(more) {
        more.forEach(apply);
      },
    },
    states: {
      read: async (entities) => entities.map((entity) => states.get(entityKey(entity))?.stored),
      async *scan(kind) {
        yield [...states.values()]
          .filter(({ entity }) => entity.kind === kind)
          .map(({ entity, stored }) => ({ ...stored, entity }));
      },
    },
    lake: {
      async *readByEntity({ kind, entities }) {
        const asked = events.filter(
          ({ entity }) =>
            (kind === undefined || entity.kind === kind) &&
            (entities === undefined || entities.some((one) => sameEntity(one, entity))),
        );
        yield asked.sort(
          (a, b) =>
            entityKey(a.entity).localeCompare(entityKey(b.entity)) ||
            a.known - b.known ||
            comparePositions(a.position, b.position),
        );
      },
      end: async () => new Map(events.length ? [[0, events[events.length - 1].position]] : []),
      summary: async () => ({ events: events.length, entities: states.size }),
    },
  };
}
