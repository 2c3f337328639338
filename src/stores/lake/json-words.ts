import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Property } from "../../events/event.ts";
import { shortText } from "./short-text.ts";

/**
 * A column of JSON scalars as DuckDB lays texts out: sixteen bytes a row, of which the first four are the length.
 * Texts of up to twelve bytes stand in the other twelve; of longer ones a pointer does, and the vector reads them.
 */
export interface JsonLane {
  readonly ints: Int32Array;
  readonly bytes: Buffer;
  readonly vector: { getItem(row: number): unknown };
}

const WIDTH = 16;
const INLINE = 12;
/** Places of the table of words. */
const PLACES = 4_096;
/** Whole numbers of so many digits, and such powers of ten, are exact doubles: their quotient is the nearest one. */
const MOST_DIGITS = 15;
const TENS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => Number(`1e${power}`));
const [QUOTE, MINUS, DOT, ZERO, NINE, BACKSLASH, SMALL_N, LAST_ASCII] = [34, 45, 46, 48, 57, 92, 110, 127];

export function jsonLane(chunk: DuckDBDataChunk, column: number): JsonLane {
  const vector = chunk.getColumnVector(column) as unknown as JsonLane["vector"] & { readonly dataView: DataView };
  const { buffer, byteOffset, byteLength } = vector.dataView;
  return {
    ints: new Int32Array(buffer, byteOffset, byteLength / 4),
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    vector,
  };
}

/**
 * Answers a function that reads the scalar of a row; undefined where there is none (an empty text, null, an object).
 *
 * Short words that come again and again are made once: a table of 4,096 places keeps the last one that fell on each.
 * Short decimals are read from their digits. Cost: no call out of JavaScript but for texts longer than twelve bytes.
 */
export function createJsonReader(): (lane: JsonLane, row: number) => Property | undefined {
  const keys = new Int32Array(4 * PLACES);
  const words = new Array<string | undefined>(PLACES).fill(undefined);

  /** A text in quotation marks of twelve bytes at most. */
  function wordOf(lane: JsonLane, row: number): string {
    const { ints, vector } = lane;
    const at = 4 * row;
    const [length, a, b, c] = [ints[at], ints[at + 1], ints[at + 2], ints[at + 3]];
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
    )
      return known;
    const word = plainWord(lane, row, length) ?? (JSON.parse(vector.getItem(row) as string) as string);
    keys[key] = length;
    keys[key + 1] = a;
    keys[key + 2] = b;
    keys[key + 3] = c;
    words[place] = word;
    return word;
  }

  return (lane, row) => {
    const length = lane.ints[4 * row];
    if (length === 0) return undefined;
    if (length > INLINE) return scalar(JSON.parse(lane.vector.getItem(row) as string));
    const first = WIDTH * row + 4;
    const byte = lane.bytes[first];
    if (byte === QUOTE) return wordOf(lane, row);
    if (byte === SMALL_N) return undefined;
    const number = decimal(lane.bytes, first, first + length);
    return Number.isNaN(number) ? scalar(JSON.parse(lane.vector.getItem(row) as string)) : number;
  };
}

/** Without its quotation marks, when it is all ASCII and nothing in it is escaped; else undefined. */
function plainWord({ bytes }: JsonLane, row: number, length: number): string | undefined {
  const first = WIDTH * row + 5;
  const end = first + length - 2;
  for (let i = first; i < end; i++) if (bytes[i] > LAST_ASCII || bytes[i] === BACKSLASH) return undefined;
  return shortText(bytes, first, end - first);
}

/** The number of digits with at most one dot between them; NaN when it is written in another way. */
function decimal(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from] === MINUS ? from + 1 : from;
  let whole = 0;
  let dot = -1;
  for (let i = first; i < to; i++) {
    const byte = bytes[i];
    if (byte >= ZERO && byte <= NINE) whole = 10 * whole + (byte - ZERO);
    else if (byte === DOT && dot < 0) dot = i;
    else return Number.NaN;
  }
  const value = dot < 0 ? whole : whole / TENS[to - 1 - dot];
  return first === from ? value : -value;
}

const scalar = (value: unknown): Property | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
