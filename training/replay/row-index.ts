import type { Position } from "../../src/events/position.ts";

/** Which row belongs to an event, by its place in the log. */
export interface RowIndex {
  /** Rows come as 0, 1, 2, …, each for another event. */
  add(partition: number, position: Position): void;
  /** −1 when the event has no row. */
  find(partition: number, position: Position): number;
}

/** Numbers of a key: ms, seq, and partition with index in one. They lie together, since each look-up is a cache miss. */
const WIDTH = 3;
const INDICES = 2 ** 32;
/** Room is made for no more rows than that before there are any. */
const MOST_AT_ONCE = 2 ** 24;

/**
 * A hash table over typed arrays: 32 to 64 bytes a row, where a Map of texts takes a hundred and more.
 * Cost: O(1) expected.
 *
 * @param events how many rows there may be
 */
export function createRowIndex(events = 0): RowIndex {
  let room = 2 ** Math.ceil(Math.log2(Math.max(4_096, Math.min(events, MOST_AT_ONCE))));
  let rows = 0;
  let keys = new Float64Array(WIDTH * room);
  /** Row + 1; 0 = free. Twice as many places as rows at least. */
  let table = new Int32Array(2 * room);

  /** Where the row of this key is, or would be. */
  function placeOf(ms: number, seq: number, within: number): number {
    const mask = table.length - 1;
    let hash = Math.imul(ms >>> 0, 0x9e3779b1) ^ Math.imul(within >>> 0, 0x85ebca6b) ^ Math.imul(seq >>> 0, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (Math.floor(within / INDICES) << 20), 0x27d4eb2f);
    let place = (hash ^ (hash >>> 16)) & mask;
    for (; table[place] !== 0; place = (place + 1) & mask) {
      const at = WIDTH * (table[place] - 1);
      if (keys[at] === ms && keys[at + 1] === seq && keys[at + 2] === within) break;
    }
    return place;
  }

  function grow(): void {
    room *= 2;
    const wider = new Float64Array(WIDTH * room);
    wider.set(keys);
    keys = wider;
    table = new Int32Array(2 * room);
    for (let row = 0; row < rows; row++) {
      const at = WIDTH * row;
      table[placeOf(keys[at], keys[at + 1], keys[at + 2])] = row + 1;
    }
  }

  return {
    add(partition, { ms, seq, index }) {
      if (rows === room) grow();
      const within = partition * INDICES + index;
      const place = placeOf(ms, seq, within);
      if (table[place] !== 0) throw new Error("two rows of one event");
      const at = WIDTH * rows;
      keys[at] = ms;
      keys[at + 1] = seq;
      keys[at + 2] = within;
      table[place] = ++rows;
    },
    find: (partition, { ms, seq, index }) => table[placeOf(ms, seq, partition * INDICES + index)] - 1,
  };
}
