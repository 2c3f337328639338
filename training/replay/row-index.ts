import type { Position } from "../../src/events/position.ts";

/** Which row belongs to an event, by its place in the log. */
export interface RowIndex {
  /** Rows come as 0, 1, 2, …, each for another event. */
  add(partition: number, position: Position): void;
  /** −1 when the event has no row. */
  find(partition: number, position: Position): number;
}

/**
 * A hash table over typed arrays: 26 to 52 bytes a row, where a Map of texts takes a hundred and more.
 * Cost: O(1) expected.
 */
export function createRowIndex(): RowIndex {
  let room = 1_024;
  let rows = 0;
  let partitions = new Uint16Array(room);
  let ms = new Float64Array(room);
  let seq = new Float64Array(room);
  let index = new Int32Array(room);
  /** Row + 1; 0 = free. Twice as many places as rows at least. */
  let table = new Int32Array(2 * room);

  const placeOf = (partition: number, at: Position): number => {
    const mask = table.length - 1;
    let hash = Math.imul(at.ms >>> 0, 0x9e3779b1) ^ Math.imul(at.index + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (at.seq >>> 0) ^ (hash >>> 15) ^ (partition << 20), 0xc2b2ae35);
    let place = (hash ^ (hash >>> 16)) & mask;
    for (; table[place] !== 0; place = (place + 1) & mask) {
      const row = table[place] - 1;
      if (ms[row] === at.ms && index[row] === at.index && seq[row] === at.seq && partitions[row] === partition) break;
    }
    return place;
  };

  function grow(): void {
    room *= 2;
    [partitions, ms, seq, index] = [
      copyInto(new Uint16Array(room), partitions),
      copyInto(new Float64Array(room), ms),
      copyInto(new Float64Array(room), seq),
      copyInto(new Int32Array(room), index),
    ];
    table = new Int32Array(2 * room);
    for (let row = 0; row < rows; row++)
      table[placeOf(partitions[row], { ms: ms[row], seq: seq[row], index: index[row] })] = row + 1;
  }

  return {
    add(partition, position) {
      if (rows === room) grow();
      partitions[rows] = partition;
      ms[rows] = position.ms;
      seq[rows] = position.seq;
      index[rows] = position.index;
      const place = placeOf(partition, position);
      if (table[place] !== 0) throw new Error("two rows of one event");
      table[place] = ++rows;
    },
    find: (partition, position) => table[placeOf(partition, position)] - 1,
  };
}

function copyInto<A extends Uint16Array | Int32Array | Float64Array>(to: A, from: A): A {
  to.set(from);
  return to;
}
