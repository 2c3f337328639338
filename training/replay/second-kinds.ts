import { setImmediate } from "node:timers/promises";
import type { Lake, LoggedEvent } from "../../src/events/event-log.ts";
import type { EntityKind } from "../../src/features/entity-kinds.ts";
import type { Reducers } from "../../src/features/reducers.ts";
import type { EntityRows } from "./entity-rows.ts";
import { createGatheredKind, type GatheredKind, LEAST_BYTES } from "./gathered-kind.ts";
import type { ReadingsByRow } from "./readings-by-row.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";
import { readSecond } from "./second-entities.ts";

/** What events may take that are put down on the way: 14 million of them, each with an amount. */
export const GATHER_BYTES = 2 ** 30;

export interface SecondKindsRequest {
  readonly lake: Pick<Lake, "readByEntity">;
  readonly reducers: Reducers;
  /** The kind of entity whose events come by first. */
  readonly first: string;
  /** The name of the events that rows are taken of. */
  readonly event: string;
  readonly seconds: readonly EntityKind[];
  readonly knownUntil: number;
  /** How many events the log holds. */
  readonly events: number;
  /** What gathered events may take, bytes; 0 = nothing is gathered. */
  readonly gatherBytes: number;
}

/** Second entities of the rows. */
export interface SecondKinds {
  /** What is looked at in an event of this name, beside what the first entity's reducer does. */
  properties(event: string): readonly string[];
  /** Takes notice of all events of one first entity. @param row the number of the first of its rows */
  note(events: readonly LoggedEvent[], rows: EntityRows, row: number): void;
  /** Reads the entities of one kind, after all events were noticed. Answers after every so many events how many were read. */
  read(place: number, into: Pick<ReadingsByRow, "block" | "filled" | "taken">): AsyncGenerator<number>;
}

/**
 * Two roads to the same readings. Most of what touches a second entity happened to a first one: those events are put
 * down when they come by, put in order in memory, and only the rest is asked of the lake. Where that would take too
 * much memory, or cannot be (entities of the first kind that are second ones, a reducer that looks at everything), the
 * lake sorts all events by second entity, and an index tells which are rows.
 */
export function createSecondKinds(request: SecondKindsRequest): SecondKinds {
  const { lake, reducers, first, event: wanted, seconds, knownUntil, events, gatherBytes } = request;
  const gathered = new Map<EntityKind, GatheredKind>();
  const most = gatherBytes / Math.max(1, seconds.length);
  for (const kind of seconds) {
    const { properties } = reducers.of(kind.name);
    if (kind.name !== first && properties && events * LEAST_BYTES <= most)
      gathered.set(kind, createGatheredKind(kind.from, properties, events, most));
  }
  let index: RowIndex | undefined = gathered.size < seconds.length ? createRowIndex() : undefined;
  const looked = [...gathered.keys()];

  const giveUp = () => {
    const rows = index ?? createRowIndex();
    for (const kind of gathered.values()) kind.tellRows(rows);
    index = rows;
    gathered.clear();
  };

  return {
    properties: (event) => looked.flatMap(({ name, from }) => [from, ...(reducers.of(name).properties?.(event) ?? [])]),

    note(events, rows, row) {
      const { count, before } = rows;
      const kinds = [...gathered.values()];
      for (let i = 0, k = 0; i < events.length; i++) {
        const event = events[i];
        const own = k < count && before[k] === i ? row + k++ : -1;
        if (own >= 0) index?.add(own, event.partition, event.position);
        if (event.touched) continue;
        for (let one = 0; one < kinds.length; one++) kinds[one].addNaming(event, own);
      }
      if (kinds.some(({ full }) => full)) giveUp();
    },

    async *read(place, into) {
      const kind = seconds[place];
      const { name, from: through } = kind;
      const reducer = reducers.of(name);
      const query = { kind: name, through, knownUntil, properties: reducer.properties };
      const all = gathered.get(kind);
      if (!all) {
        if (index) yield* readSecond({ batches: lake.readByEntity(query), reducer, event: wanted, index, into });
        return;
      }
      for await (const batch of lake.readByEntity({ ...query, notOf: first }))
        for (const event of batch) all.add(event);
      gathered.delete(kind);
      for (const done of all.read(reducer, into)) {
        yield done;
        await setImmediate(); // lets the world in
      }
    },
  };
}
