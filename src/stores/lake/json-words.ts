import type { Property } from "../../events/event.ts";
import { shortText } from "./short-text.ts";
import { createWords, INLINE, type TextLane } from "./text-lane.ts";

const WIDTH = 16;
/** Whole numbers of so many digits, and such powers of ten, are exact doubles: their quotient is the nearest one. */
const MOST_DIGITS = 15;
const TENS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => Number(`1e${power}`));
const [QUOTE, MINUS, DOT, ZERO, NINE, BACKSLASH, SMALL_N, LAST_ASCII] = [34, 45, 46, 48, 57, 92, 110, 127];

/**
 * Answers a function that reads the JSON scalar of a row; undefined where there is none (an empty text, null, an object).
 *
 * Short words are kept, short decimals are read from their digits. Cost: no call out of JavaScript but for texts longer
 * than twelve bytes.
 */
export function createJsonReader(): (lane: TextLane, row: number) => Property | undefined {
  /** A text in quotation marks of twelve bytes at most. */
  const wordOf = createWords(
    (lane, row, length) => plainWord(lane, row, length) ?? (JSON.parse(lane.textAt(row)) as string),
  );

  return (lane, row) => {
    const length = lane.ints[4 * row];
    if (length === 0) return undefined;
    if (length > INLINE) return scalar(JSON.parse(lane.textAt(row)));
    const first = WIDTH * row + 4;
    const byte = lane.bytes[first];
    if (byte === QUOTE) return wordOf(lane, row);
    if (byte === SMALL_N) return undefined;
    const number = decimal(lane.bytes, first, first + length);
    return Number.isNaN(number) ? scalar(JSON.parse(lane.textAt(row))) : number;
  };
}

/** Without its quotation marks, when it is all ASCII and nothing in it is escaped; else undefined. */
function plainWord({ bytes }: TextLane, row: number, length: number): string | undefined {
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
