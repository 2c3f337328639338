import type { EventRecords } from "./event-records.ts";

/** So many are put in order one by one. */
const FEW = 12;

/** The records of each entity, one after the other: those of entity `e` are `order[begins[e]]` … `order[begins[e + 1] − 1]`. */
export interface ByEntity {
  readonly order: Int32Array;
  readonly begins: Int32Array;
}

/** @param entityOf by place in `records` */
export function byEntity(records: Int32Array, entityOf: Int32Array, entities: number): ByEntity {
  const begins = new Int32Array(entities + 1);
  for (let i = 0; i < records.length; i++) begins[entityOf[i] + 1]++;
  for (let e = 0; e < entities; e++) begins[e + 1] += begins[e];
  const next = begins.slice();
  const order = new Int32Array(records.length);
  for (let i = 0; i < records.length; i++) order[next[entityOf[i]]++] = records[i];
  return { order, begins };
}

/**
 * Answers a function that puts the records of one entity, `order[from]` … `order[until − 1]`, in the order of the log and
 * leaves out what is there twice. It answers where they end.
 *
 * An entity's time is cut into as many equal slots as it has records; those of a slot are few mostly, and compared. A
 * slot of many is cut again. Cost: O(1) a record where they are spread over time.
 */
export function createLogOrder(records: EventRecords): (order: Int32Array, from: number, until: number) => number {
  const scratch = { slots: new Int32Array(0), ends: new Int32Array(0), some: new Int32Array(0) };

  const sort = (order: Int32Array, from: number, until: number, room: typeof scratch) => {
    const size = until - from;
    if (size <= FEW) {
      sortFew(order, from, until);
      return;
    }
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = from; i < until; i++) {
      const known = records.known(order[i]);
      if (known < least) least = known;
      if (known > most) most = known;
    }
    if (least === most) {
      order.subarray(from, until).sort((a, b) => records.compare(a, b));
      return;
    }
    if (room.slots.length < size) {
      room.slots = new Int32Array(2 * size);
      room.ends = new Int32Array(2 * size);
      room.some = new Int32Array(2 * size);
    }
    const { slots, ends, some } = room;
    const scale = (size - 1) / (most - least);
    ends.fill(0, 0, size);
    for (let i = 0; i < size; i++) {
      const slot = Math.floor((records.known(order[from + i]) - least) * scale);
      slots[i] = slot;
      ends[slot]++;
      some[i] = order[from + i];
    }
    for (let slot = 1; slot < size; slot++) ends[slot] += ends[slot - 1];
    for (let i = size - 1; i >= 0; i--) order[from + --ends[slots[i]]] = some[i];
    // now they are where slots begin
    let deeper: typeof scratch | undefined;
    for (let slot = 0, first = 0; slot < size; slot++) {
      const end = slot + 1 < size ? ends[slot + 1] : size;
      if (end - first > FEW) {
        deeper ??= { slots: new Int32Array(0), ends: new Int32Array(0), some: new Int32Array(0) };
        sort(order, from + first, from + end, deeper);
      } else if (end - first > 1) sortFew(order, from + first, from + end);
      first = end;
    }
  };

  const sortFew = (order: Int32Array, from: number, until: number) => {
    for (let i = from + 1; i < until; i++) {
      const record = order[i];
      let at = i;
      for (; at > from && records.compare(order[at - 1], record) > 0; at--) order[at] = order[at - 1];
      order[at] = record;
    }
  };

  return (order, from, until) => {
    sort(order, from, until, scratch);
    let end = from;
    for (let i = from; i < until; i++)
      if (i === from || records.compare(order[end - 1], order[i]) !== 0) order[end++] = order[i];
    return end;
  };
}
