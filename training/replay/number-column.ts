import type { Numbers } from "../../models/model.ts";
import type { Block } from "../../src/features/feature.ts";
import { cut, moved } from "./room.ts";

/** A column of numbers that is filled from blocks, in the order of the rows. */
export interface NumberColumn {
  /** Appends the `place`-th number of the first `count` readings of a block. */
  append(block: Numbered, place: number, count: number): void;
  /** Another one that holds the same so far. */
  copy(): NumberColumn;
  /** Once: it is given up. */
  whole(): Numbers;
}

export type Numbered = Pick<Block, "numbers" | "width">;

const LEAST_ROOM = 4_096;
const NOTHING = new Float32Array(0);

/**
 * As narrow as its values allow: single precision until a number comes that is another one there. Counts, days and
 * shares of halves take half the memory so, and each page of memory that is touched for the first time costs as much as
 * reading a feature.
 *
 * @param room how many rows there may be: room that is never reached costs no memory. More rows than that may come.
 * @param held what it begins with; copied
 */
export function createNumberColumn(room: number, held: Numbers = NOTHING): NumberColumn {
  const free = Math.max(LEAST_ROOM, room, held.length);
  let narrow = held instanceof Float32Array ? moved(held, new Float32Array(free)) : undefined;
  let wide = narrow ? new Float64Array(0) : moved(held, new Float64Array(free));
  let rows = held.length;

  return {
    append(block, place, count) {
      if (narrow && rows + count > narrow.length) narrow = moved(narrow, new Float32Array(2 * narrow.length));
      if (narrow && !appendNarrow(block, place, count, narrow, rows)) {
        wide = moved(narrow.subarray(0, rows), new Float64Array(narrow.length));
        narrow = undefined;
      }
      if (!narrow) {
        if (rows + count > wide.length) wide = moved(wide, new Float64Array(2 * wide.length));
        appendWide(block, place, count, wide, rows);
      }
      rows += count;
    },
    copy: () => createNumberColumn(room, (narrow ?? wide).subarray(0, rows)),
    whole() {
      const column = narrow ?? wide;
      narrow = undefined;
      wide = new Float64Array(0);
      return cut(column, rows);
    },
  };
}

/** Whether all of them are the same numbers there; it ends where one is not. */
function appendNarrow(
  { numbers, width }: Numbered,
  place: number,
  count: number,
  to: Float32Array,
  from: number,
): boolean {
  for (let i = 0, at = place; i < count; i++, at += width) {
    const value = numbers[at];
    if (Math.fround(value) !== value && !Number.isNaN(value)) return false;
    to[from + i] = value;
  }
  return true;
}

function appendWide({ numbers, width }: Numbered, place: number, count: number, to: Float64Array, from: number): void {
  for (let i = 0, at = place; i < count; i++, at += width) to[from + i] = numbers[at];
}
