import { PortraitError } from "../errors.ts";
import type { GivenText } from "./given-text.ts";
import type { ReceiptStore } from "./receipt.ts";
import type { ScoreAnswer, ScoreRequest, ScoreView } from "./score.ts";
import { isoOf, viewOf } from "./score-view.ts";

export interface GivenNeeds {
  readonly clock: () => number;
  readonly newId: () => string;
  readonly receipts: Pick<ReceiptStore, "save">;
}

/** Scores features that were read from bytes, by the scorer that they were read for. */
export type ScoreGiven = (
  given: GivenText,
  wanted: Pick<ScoreRequest, "reasons" | "receipt">,
) => ScoreAnswer | Promise<ScoreAnswer>;

/**
 * The commonest score, with nothing between its row and its answer: features for one model need no entity, no state and
 * no encoder. A promise only where a receipt is to be stored.
 */
export const createScoreGiven =
  ({ clock, newId, receipts }: GivenNeeds): ScoreGiven =>
  (given, wanted) => {
    const { scorer, row } = given;
    const { name, version, digest } = scorer;
    const at = clock();
    const score = scorer.score(row);
    const scores: Record<string, ScoreView> = {};
    scores[name] = viewOf(scorer, row, score, wanted.reasons ?? 0); // a computed name in a literal costs a call into V8
    if (wanted.receipt === "none") return { at: isoOf(at), scores };
    const receipt = newId();
    const { margin, probability } = score;
    const record = { model: name, version, digest, row, margin, probability };
    return receipts.save({ id: receipt, at, given, scores: [record] }).then(
      () => ({ at: isoOf(at), scores, receipt }),
      (error) => {
        if (!isAway(error)) throw error;
        return { at: isoOf(at), scores, missing: ["receipt"] };
      },
    );
  };

/** Whether nobody keeps receipts now: features that are given are scored all the same, and the answer says so. */
export const isAway = (error: unknown): boolean =>
  error instanceof PortraitError && (error.code === "REDIS_AWAY" || error.code === "REDIS_FULL");
