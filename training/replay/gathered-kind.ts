import { type LoggedEvent, propertyOf } from "../../src/events/event-log.ts";
import type { Reducer, Stretch } from "../../src/features/feature.ts";
import { createClusters, roomFor } from "./clusters.ts";
import { createEntityKeys, entitiesOf, hashOf } from "./entity-keys.ts";
import { createEntityRows } from "./entity-rows.ts";
import { EventRecords, LEAST_RECORD_BYTES, RecordedEvent } from "./event-records.ts";
import { byEntity, createLogOrder } from "./log-order.ts";
import { createMomentReader } from "./read-moments.ts";
import type { ReadingsByRow } from "./readings-by-row.ts";
import type { RowIndex } from "./row-index.ts";

/** Ids and other texts that are held at most; each takes about a hundred bytes. */
const MOST_TEXTS = 1_000_000;
/** Events between two looks at the world. */
const AT_ONCE = 50_000;
/** What an event takes beside its record while they are put in order: three numbers. */
const ORDER_BYTES = 3 * 4;
/** What an event takes at least. */
export const LEAST_BYTES = LEAST_RECORD_BYTES + ORDER_BYTES;

/** The events of one kind of second entity, put down while they come by in another order. */
export interface GatheredKind {
  /** Whether they hold more than they may: they are to be given up. */
  readonly full: boolean;
  /** Puts an event down that happened to another entity, if it names one of this kind. @param row −1 = none */
  addNaming(event: LoggedEvent, row: number): void;
  /** Puts an event down that was found for an entity of this kind, if one that was put down before may have named it. */
  add(event: LoggedEvent): void;
  /** Tells the rows of what was put down. */
  tellRows(index: RowIndex): void;
  /**
   * Reads the entity of each row just before the row's event: all that was known of it by then, in the order of
   * (known, position), the event itself not among it. Answers after every so many events how many are done.
   */
  read(reducer: Reducer, into: Pick<ReadingsByRow, "block" | "filled" | "taken">): Generator<number>;
}

/**
 * @param from the property that names an entity of the kind
 * @param wanted the properties that the kind's reducer looks at in an event of this name
 * @param events how many there may be
 * @param mostBytes what may be held
 */
export function createGatheredKind(
  from: string,
  wanted: (event: string) => readonly string[],
  events: number,
  mostBytes: number,
): GatheredKind {
  // events of an entity lie near each other from the beginning on: all of memory is too far to jump in
  const clusters = createClusters(events);
  const records = new EventRecords(wanted, roomFor(events, clusters));
  const ids = createEntityKeys();

  const put = (key: number, event: LoggedEvent, row: number) => {
    records.put(clusters.next(hashOf(key) & (clusters.count - 1)), key, event, row);
  };

  return {
    get full() {
      return records.bytes + ORDER_BYTES * records.room > mostBytes || records.texts + ids.kept > MOST_TEXTS;
    },
    addNaming(event, row) {
      const key = ids.keyOf(propertyOf(event, from));
      if (!Number.isNaN(key)) put(key, event, row);
    },
    add(event) {
      const key = ids.knownKeyOf(event.entity.id);
      if (!Number.isNaN(key)) put(key, event, -1);
    },
    tellRows(index) {
      for (const record of clusters.all()) {
        const row = records.row(record);
        if (row >= 0) index.add(row, records.partition(record), records.position(record));
      }
    },
    *read(reducer, into) {
      const all = clusters.all();
      const entities = entitiesOf(records, all);
      const { order, begins } = byEntity(all, entities.of, entities.count);
      const sort = createLogOrder(records);
      const read = createMomentReader(reducer);
      const moments = createEntityRows(true);
      const events: RecordedEvent[] = [];
      const rows: number[] = [];
      const taken = ({ from, until }: Stretch) => into.taken(rows, from, until);
      let told = 0;
      for (let entity = 0; entity < entities.count; entity++) {
        const first = begins[entity];
        const end = sort(order, first, begins[entity + 1]);
        moments.clear();
        rows.length = 0;
        for (let i = 0; i < end - first; i++) {
          const record = order[first + i];
          if (i === events.length) events.push(new RecordedEvent(records));
          const row = events[i].show(record);
          if (row < 0) continue;
          moments.add(i, records.known(record), false);
          rows.push(row);
        }
        read(events, moments, into, taken);
        if (end - told < AT_ONCE) continue;
        yield end;
        told = end;
      }
      yield all.length;
    },
  };
}
