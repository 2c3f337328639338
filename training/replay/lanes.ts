import { commonest } from "./columns.ts";

/** Columns of numbers and of texts that are filled row by row, in any order of rows; what is not filled is missing. */
export interface Lanes {
  /** Makes room for this row; once a row, before its numbers and texts. */
  reach(row: number): void;
  number(lane: number, row: number, value: number): void;
  text(lane: number, row: number, value: string | undefined): void;
  /** The whole column; of texts as places among `levels`, NaN where missing or too rare. Once a lane: it is given up. */
  numbers(lane: number, rows: number): Float64Array;
  texts(lane: number, rows: number): { readonly levels: readonly string[]; readonly values: Float64Array };
}

const MISSING = -1;
const FIRST_ROOM = 4_096;

/** Memory: 8 bytes a number and 4 a text, with room for twice as many rows at most; each distinct text is kept once. */
export function createLanes(numberLanes: number, textLanes: number): Lanes {
  let room = FIRST_ROOM;
  const numbers = Array.from({ length: numberLanes }, () => new Float64Array(room).fill(Number.NaN));
  const words = Array.from({ length: textLanes }, () => new Int32Array(room).fill(MISSING));
  const places = words.map(() => new Map<string, number>());

  return {
    reach(row) {
      if (row < room) return;
      while (row >= room) room *= 2;
      for (let j = 0; j < numberLanes; j++) numbers[j] = wider(numbers[j], new Float64Array(room), Number.NaN);
      for (let j = 0; j < textLanes; j++) words[j] = wider(words[j], new Int32Array(room), MISSING);
    },
    number(lane, row, value) {
      numbers[lane][row] = value;
    },
    text(lane, row, value) {
      if (value === undefined) return;
      let place = places[lane].get(value);
      if (place === undefined) {
        place = places[lane].size;
        places[lane].set(value, place);
      }
      words[lane][row] = place;
    },
    numbers(lane, rows) {
      const whole = numbers[lane].slice(0, rows);
      numbers[lane] = new Float64Array(0);
      return whole;
    },
    texts(lane, rows) {
      const counts = new Uint32Array(places[lane].size);
      for (let i = 0; i < rows; i++) if (words[lane][i] !== MISSING) counts[words[lane][i]]++;
      const texts = [...places[lane].keys()];
      const levels = commonest(new Map(texts.map((text, place) => [text, counts[place]])));
      const ranks = new Map(levels.map((text, rank) => [text, rank]));
      const rankOf = Float64Array.from(texts, (text) => ranks.get(text) ?? Number.NaN);
      const values = new Float64Array(rows);
      for (let i = 0; i < rows; i++) values[i] = words[lane][i] === MISSING ? Number.NaN : rankOf[words[lane][i]];
      words[lane] = new Int32Array(0);
      return { levels, values };
    },
  };
}

function wider<A extends Float64Array | Int32Array>(from: A, to: A, missing: number): A {
  to.set(from);
  to.fill(missing, from.length);
  return to;
}
