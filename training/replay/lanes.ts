import { commonest } from "./columns.ts";

/** Columns of numbers and of texts that are filled row by row, in any order of rows. */
export interface Lanes {
  /** Makes room for this row; once a row, before its numbers and texts. */
  reach(row: number): void;
  number(lane: number, row: number, value: number): void;
  text(lane: number, row: number, value: string | undefined): void;
  /** The whole column; of texts as places among `levels`, NaN where missing or too rare. Once a lane: it is given up. */
  numbers(lane: number, rows: number): Float64Array;
  texts(lane: number, rows: number): { readonly levels: readonly string[]; readonly values: Float64Array };
}

export interface LanesOptions {
  readonly numbers: number;
  readonly texts: number;
  /** How many rows there may be: room that is never reached costs no memory. More rows than that may come. */
  readonly room?: number;
  /** Whether some rows may never be written: they are missing. */
  readonly gaps: boolean;
}

const MISSING = -1;
const LEAST_ROOM = 4_096;

/** Memory: 8 bytes a number and 4 a text; each distinct text is kept once. */
export function createLanes(options: LanesOptions): Lanes {
  let room = Math.max(LEAST_ROOM, options.room ?? 0);
  const fill = <A extends Float64Array | Int32Array>(lane: A, missing: number, from = 0): A => {
    if (options.gaps) lane.fill(missing, from);
    return lane;
  };
  const numbers = Array.from({ length: options.numbers }, () => fill(new Float64Array(room), Number.NaN));
  const words = Array.from({ length: options.texts }, () => fill(new Int32Array(room), MISSING));
  const places = words.map(() => new Map<string, number>());

  const wider = <A extends Float64Array | Int32Array>(from: A, to: A, missing: number): A => {
    to.set(from);
    return fill(to, missing, from.length);
  };

  return {
    reach(row) {
      if (row < room) return;
      while (row >= room) room *= 2;
      for (let j = 0; j < numbers.length; j++) numbers[j] = wider(numbers[j], new Float64Array(room), Number.NaN);
      for (let j = 0; j < words.length; j++) words[j] = wider(words[j], new Int32Array(room), MISSING);
    },
    number(lane, row, value) {
      numbers[lane][row] = value;
    },
    text(lane, row, value) {
      words[lane][row] = value === undefined ? MISSING : placeOf(places[lane], value);
    },
    numbers(lane, rows) {
      const whole = cut(numbers[lane], rows);
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

function placeOf(places: Map<string, number>, text: string): number {
  const known = places.get(text);
  if (known !== undefined) return known;
  places.set(text, places.size);
  return places.size - 1;
}

/** The rows that are there: copied only where most of the room would be held for nothing. */
const cut = (lane: Float64Array, rows: number): Float64Array =>
  2 * rows > lane.length ? lane.subarray(0, rows) : lane.slice(0, rows);
