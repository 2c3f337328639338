import { createScoreInTime, type InTimeNeeds, type ScoreCall } from "../scoring/score-in-time.ts";
import type { ScorerOf } from "../scoring/version-scorers.ts";
import { mustBeAllowed } from "./auth.ts";
import { logFailure, toProblem } from "./errors.ts";
import { countScores, SCORE_PATH } from "./hot-score.ts";
import type { KeyHolder } from "./keys.ts";
import type { Metrics } from "./metrics.ts";
import type { Services } from "./services.ts";

/**
 * The answer, as text, to a call that wants more than a score. `started` by `performance.now()`, when the request came:
 * its deadline runs from there.
 *
 * @throws PortraitError what scoring throws; SCOPE_MISSING for an event that the key may not track; TOO_LATE
 */
export type AnswerCall = (call: ScoreCall, holder: KeyHolder | undefined, started: number) => Promise<string>;

export interface AnswerCallNeeds
  extends Pick<Services, "eventLog" | "quarantine" | "checkEvent" | "champions" | "answered" | "receipts"> {
  readonly scorerOf: ScorerOf;
  readonly service: InTimeNeeds["service"];
  readonly clock: () => number;
  readonly log: Services["log"];
  readonly metrics: Pick<Metrics, "scored" | "eventsTaken">;
}

export function createAnswerCall(needs: AnswerCallNeeds): AnswerCall {
  const { service, champions, clock, log, metrics } = needs;
  const answerInTime = createScoreInTime({
    service,
    clock,
    champions: champions.current,
    recording: { log: needs.eventLog, quarantine: needs.quarantine, check: needs.checkEvent },
    repeats: {
      answered: needs.answered,
      receipts: needs.receipts,
      champions: champions.current,
      scorerOf: needs.scorerOf,
    },
    onFallback: (error) => logFailure(log, error, toProblem(error), SCORE_PATH),
  });

  return async (call, holder, started) => {
    if (call.record && holder) mustBeAllowed(holder, "track");
    const began = performance.now();
    const answer = await answerInTime(call, began - started);
    if (answer.repeated) return JSON.stringify(answer);
    countScores(metrics, answer, answer.fallback ? undefined : (performance.now() - began) / 1_000);
    if (answer.recorded?.ok) metrics.eventsTaken(1);
    return JSON.stringify(answer);
  };
}
