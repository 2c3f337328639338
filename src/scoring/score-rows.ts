import { PortraitError } from "../errors.ts";
import type { GivenRows } from "./given-text.ts";
import { type GivenNeeds, isAway } from "./score-given.ts";
import { isoOf } from "./score-view.ts";
import type { Score, Scorer } from "./scorer.ts";

/** What many rows scored, all by one version; each by its place. */
export interface ScoredRows {
  readonly scorer: Scorer;
  /** When the features were read, ISO 8601. */
  readonly at: string;
  readonly scores: readonly (Score | PortraitError)[];
  /** As `ScoreView.unusual`; empty = none. */
  readonly unusual: readonly (readonly string[])[];
  /** The id of each receipt; undefined where there was nothing to keep, or nobody to keep it. Absent when none were wanted. */
  readonly receipts?: readonly (string | undefined)[];
}

/** Scores rows that were read from bytes, by the scorer that they were read for. */
export type ScoreRows = (given: GivenRows) => Promise<ScoredRows>;

/** The commonest batch: one model, all rows in one piece of memory, and nothing made for a row but its score. */
export const createScoreRows =
  ({ clock, newId, receipts }: GivenNeeds): ScoreRows =>
  async ({ scorer, count, values, texts, receipt: wanted }) => {
    const { name: model, version, digest, columns } = scorer;
    const width = columns.length;
    const at = clock();
    const scores = scorer.scoreMatrix(values, count);
    const unusual = scores.map((_, i) => scorer.unusual(values, i * width));
    const scored = { scorer, at: isoOf(at), scores, unusual };
    if (wanted === "none") return scored;

    const keep = async (score: Score | PortraitError, i: number): Promise<string | undefined> => {
      if (score instanceof PortraitError) return undefined;
      const { margin, probability } = score;
      const row = values.subarray(i * width, (i + 1) * width);
      const given = texts && { bytes: texts.bytes, from: texts.from[i], to: texts.to[i] };
      const id = newId();
      try {
        await receipts.save({ id, at, given, scores: [{ model, version, digest, row, margin, probability }] });
      } catch (error) {
        if (!isAway(error)) throw error;
        return undefined;
      }
      return id;
    };
    return { ...scored, receipts: await Promise.all(scores.map(keep)) };
  };
