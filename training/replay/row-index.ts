import type { Position } from "../../src/events/position.ts";
import { moved } from "./room.ts";

/** Which row belongs to an event, by its place in the log. */
export interface RowIndex {
  /** Each row for another event; one may be told again. */
  add(row: number, partition: number, position: Position): void;
  /** −1 when the event has no row. */
  find(partition: number, position: Position): number;
}

/** Numbers of a key: the group's ms, seq and partition. */
const WIDTH = 3;
const LEAST_ROOM = 1_024;

/**
 * Events are logged in groups, and stand in them one after the other: a hash table finds the group, which is one for
 * many events and so stays in the cache, and the row stands at the event's place within it. Groups that grow move to
 * the end of the places, into twice the room.
 *
 * Memory: 4 to 16 bytes a row, and 32 to 64 a group. Cost: O(1) expected.
 */
export function createRowIndex(): RowIndex {
  let groups = 0;
  let keys = new Float64Array(WIDTH * LEAST_ROOM);
  /** By group: where its places begin, and how many there are. */
  let begins = new Float64Array(LEAST_ROOM);
  let lengths = new Int32Array(LEAST_ROOM);
  /** Group + 1; 0 = free. Twice as many as groups at least. */
  let table = new Int32Array(2 * LEAST_ROOM);
  /** Row + 1; 0 = none. */
  let places = new Int32Array(LEAST_ROOM);
  let placed = 0;

  /** Where the group of this key is in the table, or would be. */
  function slotOf(ms: number, seq: number, partition: number): number {
    const mask = table.length - 1;
    let hash = Math.imul(ms >>> 0, 0x9e3779b1) ^ Math.imul(partition, 0x85ebca6b) ^ Math.imul(seq >>> 0, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f);
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (; table[slot] !== 0; slot = (slot + 1) & mask) {
      const at = WIDTH * (table[slot] - 1);
      if (keys[at] === ms && keys[at + 1] === seq && keys[at + 2] === partition) break;
    }
    return slot;
  }

  function open(slot: number, ms: number, seq: number, partition: number): number {
    const group = groups++;
    const at = WIDTH * group;
    keys[at] = ms;
    keys[at + 1] = seq;
    keys[at + 2] = partition;
    table[slot] = groups;
    if (2 * groups === table.length) {
      keys = moved(keys, new Float64Array(2 * keys.length));
      begins = moved(begins, new Float64Array(2 * begins.length));
      lengths = moved(lengths, new Int32Array(2 * lengths.length));
      table = new Int32Array(2 * table.length);
      for (let one = 0; one < groups; one++) {
        const from = WIDTH * one;
        table[slotOf(keys[from], keys[from + 1], keys[from + 2])] = one + 1;
      }
    }
    return group;
  }

  /** Moves a group to where it has room for this index. */
  function move(group: number, index: number): void {
    const length = Math.max(index + 1, 2 * lengths[group]);
    let room = places.length;
    while (room < placed + length) room *= 2;
    if (room > places.length) places = moved(places, new Int32Array(room));
    places.copyWithin(placed, begins[group], begins[group] + lengths[group]);
    begins[group] = placed;
    lengths[group] = length;
    placed += length;
  }

  return {
    add(row, partition, { ms, seq, index }) {
      const slot = slotOf(ms, seq, partition);
      const group = table[slot] === 0 ? open(slot, ms, seq, partition) : table[slot] - 1;
      if (index >= lengths[group]) move(group, index);
      const place = begins[group] + index;
      if (places[place] !== 0 && places[place] !== row + 1) throw new Error("two rows of one event");
      places[place] = row + 1;
    },
    find(partition, { ms, seq, index }) {
      const group = table[slotOf(ms, seq, partition)] - 1;
      return group >= 0 && index < lengths[group] ? places[begins[group] + index] - 1 : -1;
    },
  };
}
