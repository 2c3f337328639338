import type { Numbers } from "../../models/model.ts";
import { createNumberColumn, type NumberColumn, type Numbered } from "./number-column.ts";

/** Columns of numbers that are filled together from blocks, in the order of the rows. */
export interface NumberColumns {
  /** The first `count` readings of a block. */
  append(block: Numbered, count: number): void;
  /** Once: they are given up. Columns that say the same in every row are one and the same array. */
  whole(): Numbers[];
}

/** Columns that have said the same in every row so far, by their numbers. */
interface Alike {
  readonly members: number[];
  readonly column: NumberColumn;
}

/**
 * Columns are one until a row comes in which they differ. Much of a catalogue is not used by a log, and says missing or
 * zero everywhere, or wherever anything is known: comparing two columns of a block in the cache costs less than writing
 * one more, whose memory has to be touched for the first time.
 * Cost: at most one copy of a column beside writing it, since each difference is found once.
 *
 * @param places where in a reading the numbers of each column are
 * @param room how many rows there may be: room that is never reached costs no memory. More rows than that may come.
 */
export function createNumberColumns(places: readonly number[], room: number): NumberColumns {
  const groups: Alike[] = [];
  if (places.length > 0) groups.push({ members: [...places.keys()], column: createNumberColumn(room) });

  return {
    append(block, count) {
      for (let k = 0; k < groups.length; k++) {
        const { members, column } = groups[k];
        const others = takeOthers(members, places, block, count);
        if (others) groups.push({ members: others, column: column.copy() }); // and looked at when its turn comes
        column.append(block, places[members[0]], count);
      }
    },
    whole() {
      const columns = new Array<Numbers>(places.length);
      for (const { members, column } of groups) {
        const values = column.whole();
        for (const j of members) columns[j] = values;
      }
      groups.length = 0;
      return columns;
    },
  };
}

/** Takes those out of `members` that differ from the first of them in the block; undefined when none does. */
function takeOthers(
  members: number[],
  places: readonly number[],
  block: Numbered,
  count: number,
): number[] | undefined {
  const first = places[members[0]];
  let others: number[] | undefined;
  for (let m = 1; m < members.length; m++)
    if (!areAlike(block, first, places[members[m]], count)) {
      others ??= [];
      others.push(members[m]);
    } else if (others) members[m - others.length] = members[m];
  if (others) members.length -= others.length;
  return others;
}

function areAlike({ numbers, width }: Numbered, a: number, b: number, count: number): boolean {
  for (let i = 0, at = 0; i < count; i++, at += width) if (!Object.is(numbers[at + a], numbers[at + b])) return false;
  return true;
}
