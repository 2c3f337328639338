import type { Champions } from "../scoring/champions.ts";
import { type GivenRows, type GivenText, textOf } from "../scoring/given-text.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { roomier } from "./growing-rows.ts";
import { createFeatureScanner, endOfText, type FeatureScanner, isAt, skipBlanks } from "./scan-features.ts";
import { numberEnd, scanNumber } from "./scan-number.ts";
import { scanTable } from "./scan-table.ts";
import { PROPERTIES_LIMIT } from "./schemas.ts";
import { REASONS_LIMIT } from "./score-body.ts";

const [COMMA, COLON, OPEN, CLOSE, LIST, LIST_END, LF] = [44, 58, 123, 125, 91, 93, 10];
const LINE_END = Buffer.of(LF);

/** A request that was read from bytes, and the place after it. */
export interface Scanned {
  readonly request: ScoreRequest;
  readonly end: number;
}

/** Requests written alike, and the place after the last. */
interface Alike {
  readonly rows: GivenRows;
  readonly end: number;
}

export interface ScoreScanner {
  /** The request that the whole of `bytes` is, or undefined when it is not of this plain form. */
  one(bytes: Buffer): ScoreRequest | undefined;
  /** The requests of a list, or of `{"items": […]}`, all of this plain form; undefined when one is not. */
  many(bytes: Buffer, most: number): ScoreRequest[] | undefined;
  /**
   * The same when all of them are written alike: one model, the same options, no reasons, only the features differ. Then
   * what stands around the features is compared byte by byte, and nothing is made for a request of its own.
   */
  rows(bytes: Buffer, most: number): GivenRows | undefined;
  /** The same of lines, each a request; none of them holds a line break. */
  lines(lines: readonly Buffer[]): GivenRows | undefined;
  /** The rows of a table: see `scanTable`. */
  table(bytes: Buffer, most: number): GivenRows | undefined;
}

/**
 * Reads the commonest request, features for one model, straight from bytes into the model's row:
 * `{"models":["bank"],"features":{…}}`, with "reasons" and "receipt" or without, in any order, each once.
 *
 * What it takes, `ScoreBody` takes; the rest it leaves alone. See `notes/0007-rows-from-bytes.md`.
 */
export function createScoreScanner(champions: () => Champions): ScoreScanner {
  const scanners = new WeakMap<Scorer, FeatureScanner>();
  const scannerOf = (scorer: Scorer): FeatureScanner => {
    const known = scanners.get(scorer);
    if (known) return known;
    const made = createFeatureScanner(scorer.columns);
    scanners.set(scorer, made);
    return made;
  };

  function scan(bytes: Buffer, from: number, current: Champions): Scanned | undefined {
    if (bytes[from] !== OPEN) return undefined;
    let scorer: Scorer | undefined;
    let featuresAt = -1;
    let featuresEnd = -1;
    let reasons: number | undefined;
    let receipt: ScoreRequest["receipt"];
    let row: Float64Array | undefined;
    const readFeatures = (known: Scorer): number => {
      const { newRow, scan: scanFeatures } = scannerOf(known);
      row = newRow();
      return known.columns.length > PROPERTIES_LIMIT ? -1 : scanFeatures(bytes, featuresAt, row, 0);
    };
    for (let at = from; ; ) {
      at = skipBlanks(bytes, at + 1); // past the bracket or the comma
      const quote = endOfText(bytes, at);
      if (quote < 0) return undefined;
      const key = bytes.toString("latin1", at + 1, quote);
      at = skipBlanks(bytes, quote + 1);
      if (bytes[at] !== COLON) return undefined;
      at = skipBlanks(bytes, at + 1);
      if (key === "features" && featuresAt < 0) {
        featuresAt = at;
        // without its model it is passed by for now: a plain one holds no bracket but its last
        featuresEnd = scorer ? readFeatures(scorer) : bytes.indexOf(CLOSE, at) + 1;
        if (featuresEnd <= 0) return undefined;
        at = featuresEnd;
      } else if (key === "models" && scorer === undefined) {
        if (bytes[at] !== LIST) return undefined;
        at = skipBlanks(bytes, at + 1);
        const end = endOfText(bytes, at);
        scorer = end < 0 ? undefined : current.get(bytes.toString("latin1", at + 1, end));
        if (scorer === undefined) return undefined;
        at = skipBlanks(bytes, end + 1);
        if (bytes[at++] !== LIST_END) return undefined;
      } else if (key === "receipt" && receipt === undefined) {
        const end = endOfText(bytes, at);
        const text = end < 0 ? "" : bytes.toString("latin1", at + 1, end);
        if (text !== "none" && text !== "kept") return undefined;
        receipt = text;
        at = end + 1;
      } else if (key === "reasons" && reasons === undefined) {
        reasons = scanNumber(bytes, at);
        if (!Number.isInteger(reasons) || reasons < 0 || reasons > REASONS_LIMIT) return undefined;
        at = numberEnd();
      } else return undefined;
      at = skipBlanks(bytes, at);
      if (bytes[at] === COMMA) continue;
      if (bytes[at] !== CLOSE || scorer === undefined || featuresAt < 0) return undefined;
      if (row === undefined && readFeatures(scorer) !== featuresEnd) return undefined;
      if (row === undefined) return undefined;
      const given: GivenText = { scorer, row, bytes, from: featuresAt, to: featuresEnd };
      return { request: { models: [scorer.name], given, reasons, receipt }, end: at + 1 };
    }
  }

  /**
   * Requests that are written as the one at `firstAt` is, as far as they go; undefined when one of them is not.
   *
   * @param nextAt where the next one begins when the last ends at `at`, or -1 when there is none
   */
  function alike(bytes: Buffer, firstAt: number, most: number, nextAt: (at: number) => number): Alike | undefined {
    const first = scan(bytes, firstAt, champions());
    const given = first?.request.given;
    if (!first || !given || first.request.reasons) return undefined;
    const { scorer } = given;
    const { scan: scanFeatures, width } = scannerOf(scorer);
    const before = bytes.subarray(firstAt, given.from);
    const after = bytes.subarray(given.to, first.end);
    let values: Float64Array = given.row.slice();
    const from = [given.from];
    const to = [given.to];
    let end = first.end;
    for (let at = nextAt(end); at >= 0; at = nextAt(end)) {
      const count = from.length;
      if (count === most || !isAt(bytes, at, before)) return undefined;
      // as many as there is room for in the body, if the others are as long as those so far
      if ((count + 1) * width > values.length)
        values = roomier(values, Math.ceil((bytes.length * count) / (at - firstAt)), width);
      at += before.length;
      const close = scanFeatures(bytes, at, values, count * width);
      if (close < 0 || !isAt(bytes, close, after)) return undefined;
      from.push(at);
      to.push(close);
      end = close + after.length;
    }
    const { receipt } = first.request;
    const requests = () =>
      from.map((start, i): ScoreRequest => {
        const features = JSON.parse(textOf({ bytes, from: start, to: to[i] }));
        return { models: [scorer.name], features, receipt };
      });
    return { end, rows: { scorer, count: from.length, values, receipt, texts: { bytes, from, to }, requests } };
  }

  return {
    one(bytes) {
      const scanned = scan(bytes, skipBlanks(bytes, 0), champions());
      return scanned && skipBlanks(bytes, scanned.end) === bytes.length ? scanned.request : undefined;
    },
    many(bytes, most) {
      const current = champions();
      let at = listStart(bytes);
      if (at < 0) return undefined;
      const requests: ScoreRequest[] = [];
      do {
        const scanned = scan(bytes, skipBlanks(bytes, at + 1), current);
        if (scanned === undefined || requests.push(scanned.request) > most) return undefined;
        at = skipBlanks(bytes, scanned.end);
      } while (bytes[at] === COMMA);
      return isListEnd(bytes, at) ? requests : undefined;
    },
    table: (bytes, most) => scanTable(bytes, most, champions()),
    rows(bytes, most) {
      const start = listStart(bytes);
      if (start < 0) return undefined;
      const found = alike(bytes, skipBlanks(bytes, start + 1), most, (end) => {
        const at = skipBlanks(bytes, end);
        return bytes[at] === COMMA ? skipBlanks(bytes, at + 1) : -1;
      });
      return found && isListEnd(bytes, skipBlanks(bytes, found.end)) ? found.rows : undefined;
    },
    lines(lines) {
      const bytes = Buffer.concat(lines.flatMap((line) => [line, LINE_END]));
      const found = alike(bytes, skipBlanks(bytes, 0), lines.length, (end) => {
        const at = skipBlanks(bytes, end);
        return at < bytes.length && bytes.subarray(end, at).includes(LF) ? at : -1;
      });
      // as many requests as lines, with a line break between any two: then each has a line of its own
      const isWhole = found?.rows.count === lines.length && skipBlanks(bytes, found.end) === bytes.length;
      return isWhole ? found.rows : undefined;
    },
  };
}

/** Where the list of a batch begins: the body itself, or its `items`. -1 when it is neither. */
function listStart(bytes: Buffer): number {
  let at = skipBlanks(bytes, 0);
  if (bytes[at] === OPEN) {
    at = skipBlanks(bytes, at + 1);
    const quote = endOfText(bytes, at);
    if (quote < 0 || bytes.toString("latin1", at + 1, quote) !== "items") return -1;
    at = skipBlanks(bytes, quote + 1);
    if (bytes[at] !== COLON) return -1;
    at = skipBlanks(bytes, at + 1);
  }
  return bytes[at] === LIST ? at : -1;
}

/** Whether the list ends at `at`, and the body with it. */
function isListEnd(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== LIST_END) return false;
  let end = skipBlanks(bytes, at + 1);
  if (bytes[skipBlanks(bytes, 0)] === OPEN) {
    if (bytes[end] !== CLOSE) return false;
    end = skipBlanks(bytes, end + 1);
  }
  return end === bytes.length;
}
