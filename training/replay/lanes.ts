import { type CategoryCodes, createCategoryCodes } from "./category-codes.ts";
import { cut, moved } from "./room.ts";

/** Columns of numbers and of texts that are filled row after row. */
export interface Lanes {
  /** Makes room for this row; once a row, before its numbers and texts. */
  reach(row: number): void;
  /** A copy is not made: read and write them up to the row that was reached. They change when `reach` makes room. */
  readonly numbers: readonly Float64Array[];
  text(lane: number, row: number, value: string | undefined): void;
  /** The whole column; of texts as places among `levels`, NaN where missing or too rare. Once a lane: it is given up. */
  wholeNumbers(lane: number, rows: number): Float64Array;
  wholeTexts(lane: number, rows: number): ReturnType<CategoryCodes["levelsOf"]>;
}

const LEAST_ROOM = 4_096;

/**
 * Memory: 8 bytes a number and 4 a text; each distinct text is kept once.
 *
 * @param room how many rows there may be: room that is never reached costs no memory. More rows than that may come.
 */
export function createLanes(numberLanes: number, textLanes: number, room = 0): Lanes {
  let free = Math.max(LEAST_ROOM, room);
  const numbers = Array.from({ length: numberLanes }, () => new Float64Array(free));
  const texts = Array.from({ length: textLanes }, () => ({
    codes: new Int32Array(free),
    words: createCategoryCodes(),
  }));

  return {
    numbers,
    reach(row) {
      if (row < free) return;
      while (row >= free) free *= 2;
      for (let j = 0; j < numberLanes; j++) numbers[j] = moved(numbers[j], new Float64Array(free));
      for (const lane of texts) lane.codes = moved(lane.codes, new Int32Array(free));
    },
    text(lane, row, value) {
      texts[lane].codes[row] = texts[lane].words.codeOf(value);
    },
    wholeNumbers(lane, rows) {
      const whole = cut(numbers[lane], rows);
      numbers[lane] = new Float64Array(0);
      return whole;
    },
    wholeTexts(lane, rows) {
      const { codes, words } = texts[lane];
      texts[lane].codes = new Int32Array(0);
      return words.levelsOf(codes.subarray(0, rows));
    },
  };
}
