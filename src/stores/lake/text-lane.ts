import type { Chunk } from "./chunk.ts";
import { shortText } from "./short-text.ts";

const WIDTH = 16;
/** The longest text that stands in the lane itself, bytes. */
export const INLINE = 12;
/** Long texts are copied out of the chunk together, until they are so many bytes. */
const AT_ONCE = 4_096;
/** Places of the table of words. */
const PLACES = 4_096;
/** So many words decide whether the table is worth its misses: twice its places. */
const TRIAL = 2 * PLACES;
/** Set in no byte that is ASCII. */
const HIGH_BITS = 0x8080_8080;
const TWO_TO_32 = 2 ** 32;
const NO_BYTES = Buffer.alloc(0);

/**
 * A column of texts as DuckDB lays them out: sixteen bytes a row, of which the first four are the length.
 * Texts of up to twelve bytes stand in the other twelve; of longer ones a pointer does, in the last eight.
 */
export class TextLane {
  readonly ints: Int32Array;
  readonly bytes: Buffer;
  /** A bit a row; undefined = all rows have a text. */
  readonly valid: Uint8Array | undefined;
  readonly #chunk: Chunk;
  /** Long texts, one behind the other, and where the first of them lies. */
  #texts: Buffer = NO_BYTES;
  #from = 0;

  constructor(chunk: Chunk, column: number) {
    const { buffer, byteOffset, byteLength } = chunk.data(column, WIDTH);
    this.ints = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.valid = chunk.valid(column);
    this.#chunk = chunk;
  }

  /** The text of a row that has one. */
  textAt(row: number): string {
    const length = this.ints[4 * row];
    if (length <= INLINE) return this.bytes.toString("utf8", WIDTH * row + 4, WIDTH * row + 4 + length);
    let first = this.#pointerAt(row) - this.#from;
    if (first < 0 || first + length > this.#texts.length) {
      this.#fetch(row);
      first = 0;
    }
    return this.#texts.toString("utf8", first, first + length);
  }

  #pointerAt(row: number): number {
    return this.ints[4 * row + 3] * TWO_TO_32 + (this.ints[4 * row + 2] >>> 0);
  }

  /** Those of the next rows lie behind it mostly: a call out of JavaScript brings as many as touch each other. */
  #fetch(row: number): void {
    this.#from = this.#pointerAt(row);
    let bytes = this.ints[4 * row];
    for (let next = row + 1; next < this.#chunk.rows && bytes < AT_ONCE; next++) {
      const length = this.ints[4 * next];
      if (!has(this, next) || length <= INLINE) continue;
      if (this.#pointerAt(next) !== this.#from + bytes) break;
      bytes += length;
    }
    this.#texts = this.#chunk.pointedTo(this.bytes, WIDTH * row + 8, bytes);
  }
}

/** A column of doubles, read where it lies. */
export interface NumberLane {
  readonly items: Float64Array;
  readonly valid: Uint8Array | undefined;
}

export const numberLane = (chunk: Chunk, column: number): NumberLane => ({
  items: chunk.doubles(column),
  valid: chunk.valid(column),
});

/** Whether a row of a lane holds something. */
export const has = ({ valid }: { readonly valid: Uint8Array | undefined }, row: number): boolean =>
  valid === undefined || (valid[row >> 3] & (1 << (row & 7))) !== 0;

/**
 * Answers a function that makes a word of a text of twelve bytes at most; one for each column. Words that come again
 * and again are made once: a table of 4,096 places keeps the last one that fell on each. Where few do, as in a column
 * of ids, the table is left after a trial.
 */
export function createWords(
  make: (lane: TextLane, row: number, length: number) => string,
): (lane: TextLane, row: number) => string {
  const keys = new Int32Array(4 * PLACES);
  const words = new Array<string | undefined>(PLACES).fill(undefined);
  let asked = 0;
  let found = 0;
  return (lane, row) => {
    const { ints } = lane;
    const at = 4 * row;
    const length = ints[at];
    if (asked === TRIAL && found < TRIAL / 2) return make(lane, row, length);
    const a = ints[at + 1];
    const b = ints[at + 2];
    const c = ints[at + 3];
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ length;
    hash ^= hash >>> 15;
    const place = hash & (PLACES - 1);
    const key = 4 * place;
    const known = words[place];
    if (
      known !== undefined &&
      keys[key] === length &&
      keys[key + 1] === a &&
      keys[key + 2] === b &&
      keys[key + 3] === c
    ) {
      if (asked < TRIAL) {
        asked++;
        found++;
      }
      return known;
    }
    if (asked < TRIAL) asked++;
    const word = make(lane, row, length);
    keys[key] = length;
    keys[key + 1] = a;
    keys[key + 2] = b;
    keys[key + 3] = c;
    words[place] = word;
    return word;
  };
}

/** Answers a function that reads the text of a row. Cost: no call out of JavaScript where it is short and ASCII. */
export function createTextReader(): (lane: TextLane, row: number) => string {
  const wordOf = createWords((lane, row, length) =>
    isAscii(lane, row) ? shortText(lane.bytes, WIDTH * row + 4, length) : lane.textAt(row),
  );
  return (lane, row) => (lane.ints[4 * row] > INLINE ? lane.textAt(row) : wordOf(lane, row));
}

/** Of a short text; behind its end there are zeros. */
const isAscii = ({ ints }: TextLane, row: number): boolean =>
  ((ints[4 * row + 1] | ints[4 * row + 2] | ints[4 * row + 3]) & HIGH_BITS) === 0;
