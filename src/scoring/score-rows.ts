import { PortraitError } from "../errors.ts";
import type { GivenRows } from "./given-text.ts";
import type { ScoreAnswer } from "./score.ts";
import { type GivenNeeds, isAway } from "./score-given.ts";
import { isoOf, plainViewOf } from "./score-view.ts";

/** Scores rows that were read from bytes, by the scorer that they were read for; each by its place, as answer or as failure. */
export type ScoreRows = (given: GivenRows) => Promise<(ScoreAnswer | PortraitError)[]>;

/** The commonest batch: one model, all rows in one piece of memory, and nothing made for a row but its answer. */
export const createScoreRows =
  ({ clock, newId, receipts }: GivenNeeds): ScoreRows =>
  async ({ scorer, count, values, texts, receipt: wanted }) => {
    const { name, version, digest, columns } = scorer;
    const width = columns.length;
    const at = clock();
    const iso = isoOf(at);
    const scored = scorer.scoreMatrix(values, count);

    const viewsOf = (i: number, score: Exclude<(typeof scored)[number], PortraitError>) => ({
      [name]: plainViewOf(scorer, score, scorer.unusual(values, i * width)),
    });
    if (wanted === "none")
      return scored.map((score, i) =>
        score instanceof PortraitError ? score : { at: iso, scores: viewsOf(i, score) },
      );
    return Promise.all(
      scored.map(async (score, i): Promise<ScoreAnswer | PortraitError> => {
        if (score instanceof PortraitError) return score;
        const said = { at: iso, scores: viewsOf(i, score) };
        const { margin, probability } = score;
        const row = values.subarray(i * width, (i + 1) * width);
        const given = texts && { bytes: texts.bytes, from: texts.from[i], to: texts.to[i] };
        const receipt = newId();
        try {
          await receipts.save({
            id: receipt,
            at,
            given,
            scores: [{ model: name, version, digest, row, margin, probability }],
          });
        } catch (error) {
          if (!isAway(error)) throw error;
          return { ...said, missing: ["receipt"] };
        }
        return { ...said, receipt };
      }),
    );
  };
