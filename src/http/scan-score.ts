import type { Champions } from "../scoring/champions.ts";
import type { GivenText } from "../scoring/given-text.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { createFeatureScanner, endOfText, type FeatureScanner, skipBlanks } from "./scan-features.ts";
import { numberEnd, scanNumber } from "./scan-number.ts";
import { PROPERTIES_LIMIT } from "./schemas.ts";
import { REASONS_LIMIT } from "./score-body.ts";

const [COMMA, COLON, OPEN, CLOSE, LIST, LIST_END] = [44, 58, 123, 125, 91, 93];

/** A request that was read from bytes, and the place after it. */
export interface Scanned {
  readonly request: ScoreRequest;
  readonly end: number;
}

export interface ScoreScanner {
  /** The request that the whole of `bytes` is, or undefined when it is not of this plain form. */
  one(bytes: Buffer): ScoreRequest | undefined;
  /** The requests of a list, or of `{"items": […]}`, all of this plain form; undefined when one is not. */
  many(bytes: Buffer, most: number): ScoreRequest[] | undefined;
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
      return known.columns.length > PROPERTIES_LIMIT ? -1 : scanFeatures(bytes, featuresAt, row);
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

  return {
    one(bytes) {
      const scanned = scan(bytes, skipBlanks(bytes, 0), champions());
      return scanned && skipBlanks(bytes, scanned.end) === bytes.length ? scanned.request : undefined;
    },
    many(bytes, most) {
      const current = champions();
      let at = skipBlanks(bytes, 0);
      const wrapped = bytes[at] === OPEN;
      if (wrapped) {
        at = skipBlanks(bytes, at + 1);
        const quote = endOfText(bytes, at);
        if (quote < 0 || bytes.toString("latin1", at + 1, quote) !== "items") return undefined;
        at = skipBlanks(bytes, quote + 1);
        if (bytes[at] !== COLON) return undefined;
        at = skipBlanks(bytes, at + 1);
      }
      if (bytes[at] !== LIST) return undefined;
      const requests: ScoreRequest[] = [];
      do {
        const scanned = scan(bytes, skipBlanks(bytes, at + 1), current);
        if (scanned === undefined || requests.push(scanned.request) > most) return undefined;
        at = skipBlanks(bytes, scanned.end);
      } while (bytes[at] === COMMA);
      if (bytes[at] !== LIST_END) return undefined;
      at = skipBlanks(bytes, at + 1);
      if (wrapped) {
        if (bytes[at] !== CLOSE) return undefined;
        at = skipBlanks(bytes, at + 1);
      }
      return at === bytes.length ? requests : undefined;
    },
  };
}
