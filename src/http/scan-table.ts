import type { Champions } from "../scoring/champions.ts";
import type { GivenRows } from "../scoring/given-text.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { roomier } from "./growing-rows.ts";
import { endOfText, isAt, skipBlanks } from "./scan-features.ts";
import { numberEnd, scanNumber } from "./scan-number.ts";
import { PROPERTIES_LIMIT } from "./schemas.ts";
import { requestOfRow, TableBody } from "./table-body.ts";

const [COMMA, COLON, OPEN, CLOSE, LIST, LIST_END, LETTER_N] = [44, 58, 123, 125, 91, 93, 110];
const NULL = Buffer.from("null");

/**
 * A table of numbers for one champion, read straight from its bytes:
 * `{"model":"bank","columns":["age"],"rows":[[41],[null]],"receipt":"none"}`.
 *
 * What it takes, `TableBody` takes, and every row of it; the rest it leaves alone: texts, unknown names, rows of another
 * length, rows that come before what they are to be read by, and receipts, which keep the features by name.
 */
export function scanTable(bytes: Buffer, most: number, current: Champions): GivenRows | undefined {
  let at = skipBlanks(bytes, 0);
  if (bytes[at] !== OPEN) return undefined;
  let scorer: Scorer | undefined;
  let columns: string[] | undefined;
  let rows: Rows | undefined;
  let receipt: string | undefined;
  do {
    at = skipBlanks(bytes, at + 1);
    const quote = endOfText(bytes, at);
    if (quote < 0) return undefined;
    const key = bytes.toString("latin1", at + 1, quote);
    at = skipBlanks(bytes, quote + 1);
    if (bytes[at] !== COLON) return undefined;
    at = skipBlanks(bytes, at + 1);
    if (key === "columns" && columns === undefined) {
      const names = scanTexts(bytes, at);
      if (names === undefined) return undefined;
      columns = names.texts;
      at = names.end;
    } else if (key === "rows" && rows === undefined) {
      const places = scorer && columns && placesOf(scorer, columns);
      rows = places && scorer && scanRows(bytes, at, places, scorer.columns.length, most);
      if (rows === undefined) return undefined;
      at = rows.end;
    } else {
      const end = endOfText(bytes, at);
      const text = end < 0 ? undefined : bytes.toString("latin1", at + 1, end);
      if (text === undefined) return undefined;
      if (key === "model" && scorer === undefined) scorer = current.get(text);
      else if (key === "receipt" && receipt === undefined) receipt = text;
      else return undefined;
      at = end + 1;
    }
    at = skipBlanks(bytes, at);
  } while (bytes[at] === COMMA);
  if (bytes[at] !== CLOSE || skipBlanks(bytes, at + 1) !== bytes.length) return undefined;
  if (scorer === undefined || rows === undefined || receipt !== "none") return undefined;
  const { values, count } = rows;
  const requests = () => {
    const table = TableBody.parse(JSON.parse(bytes.toString()));
    return table.rows.map((row) => requestOfRow(table, row));
  };
  return { scorer, count, values, receipt, requests };
}

/** A list of texts of plain ASCII. */
function scanTexts(bytes: Buffer, from: number): { readonly texts: string[]; readonly end: number } | undefined {
  if (bytes[from] !== LIST) return undefined;
  const texts: string[] = [];
  let at = from;
  do {
    at = skipBlanks(bytes, at + 1);
    const end = endOfText(bytes, at);
    if (end < 0) return undefined;
    texts.push(bytes.toString("latin1", at + 1, end));
    at = skipBlanks(bytes, end + 1);
  } while (bytes[at] === COMMA);
  return bytes[at] === LIST_END ? { texts, end: at + 1 } : undefined;
}

/** Where each of the named columns stands in a row; undefined when one is unknown, no number, or named twice. */
function placesOf({ columns }: Scorer, names: readonly string[]): Int32Array | undefined {
  const numbers = new Map(columns.flatMap(({ name, type }, place) => (type === "number" ? [[name, place]] : [])));
  const places = names.map((name) => numbers.get(name) ?? -1);
  if (names.length > PROPERTIES_LIMIT) return undefined;
  return places.includes(-1) || new Set(places).size < places.length ? undefined : Int32Array.from(places);
}

interface Rows {
  readonly values: Float64Array;
  readonly count: number;
  readonly end: number;
}

function scanRows(bytes: Buffer, from: number, places: Int32Array, width: number, most: number): Rows | undefined {
  if (bytes[from] !== LIST) return undefined;
  let values = roomier(new Float64Array(0), 0, width);
  let count = 0;
  let at = from;
  do {
    at = skipBlanks(bytes, at + 1);
    if (count === most || bytes[at] !== LIST) return undefined;
    // as many as there is room for in the body, if the others are as long as those so far
    if ((count + 1) * width > values.length)
      values = roomier(values, Math.ceil((bytes.length * count) / (at - from)), width);
    const base = count++ * width;
    for (let k = 0; k < places.length; k++) {
      if (k > 0 && bytes[at] !== COMMA) return undefined;
      at++;
      if (bytes[at] <= 32) at = skipBlanks(bytes, at);
      if (bytes[at] === LETTER_N) {
        if (!isAt(bytes, at, NULL)) return undefined;
        at += NULL.length;
      } else {
        const value = scanNumber(bytes, at);
        if (Number.isNaN(value)) return undefined;
        values[base + places[k]] = value + 0; // -0 becomes 0, as the encoder has it
        at = numberEnd();
      }
      if (bytes[at] <= 32) at = skipBlanks(bytes, at);
    }
    if (bytes[at] !== LIST_END) return undefined;
    at = skipBlanks(bytes, at + 1);
  } while (bytes[at] === COMMA);
  return bytes[at] === LIST_END ? { values, count, end: at + 1 } : undefined;
}
