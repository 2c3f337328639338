import type { ScoreView } from "./score.ts";
import type { Score, Scorer } from "./scorer.ts";

/** What is told of a score, with so many reasons. */
export function viewOf(scorer: Scorer, row: Float64Array, score: Score, reasons: number): ScoreView {
  const { probability, percentile, band } = score;
  const { version } = scorer;
  const unusual = scorer.unusual(row);
  const known = Number.isNaN(percentile) ? { probability, band, version } : { probability, percentile, band, version };
  const view = unusual.length > 0 ? { ...known, unusual } : known;
  return reasons > 0 ? { ...view, ...scorer.explain(row, reasons) } : view;
}

/** Thousands of answers a second share their milliseconds, and writing one as text is not free. */
let lastIso = { at: Number.NaN, text: "" };
export function isoOf(at: number): string {
  if (lastIso.at !== at) lastIso = { at, text: new Date(at).toISOString() };
  return lastIso.text;
}
