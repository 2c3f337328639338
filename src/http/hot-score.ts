import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../log.ts";
import type { ScoreAnswer, ScoreService } from "../scoring/score.ts";
import { wantsMore } from "../scoring/score-in-time.ts";
import type { Admit } from "./admission.ts";
import { type ReadBytes, readJsonBytes } from "./body.ts";
import type { WithinDeadline } from "./deadline.ts";
import { logFailure, problemHeaders, toProblem } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import { requestIdOf } from "./request-id.ts";
import { MEGABYTE } from "./route.ts";
import type { ReadScore } from "./score-body.ts";
import type { AnswerCall } from "./score-call.ts";
import { ANSWER_HEADERS } from "./security-headers.ts";
import { answerText } from "./write-answer.ts";

export const SCORE_PATH = "/v1/score";

/** A whole answer, as any server can send it. Length, date and the request's id are for the server to say. */
export interface HotAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** `POST /v1/score` of headers and a body, there already or asked for when it is wanted. Never rejects. */
export type HotScore = (headers: IncomingHttpHeaders, body: Buffer | ReadBytes) => Promise<HotAnswer>;

/** Of every good answer, so that a server may write them once. */
const GOOD_HEADERS = Object.freeze({ ...ANSWER_HEADERS, "Content-Type": "application/json; charset=utf-8" });

export interface HotScoreNeeds {
  readonly service: Pick<ScoreService, "score">;
  readonly read: ReadScore;
  /** For calls with a deadline, a fallback, or an event to be recorded. */
  readonly answerCall: AnswerCall;
  readonly admit: Admit;
  /** Something to wait for before a 401 leaves, or nothing. */
  readonly slowFailure: () => Promise<void> | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly within: WithinDeadline;
}

/**
 * The call that is made thousands of times a second, from key to answer without a framework: key, body, score, answer,
 * counted and logged like every other call. It knows no server, so that the one in front of Express and the one within
 * give the same bytes. See `notes/0003-one-hot-handler-two-mounts.md`.
 */
export function createHotScore(needs: HotScoreNeeds): HotScore {
  const { service, read, answerCall, admit, slowFailure, metrics, log, within } = needs;

  async function score(headers: IncomingHttpHeaders, body: Buffer | ReadBytes, started: number): Promise<string> {
    const holder = admit(headers.authorization, "score"); // before anything is read
    const request = read(await readJsonBytes(headers, body, MEGABYTE));
    if (wantsMore(request)) return answerCall(request, holder, started);
    const began = performance.now();
    const answer = await within(() => service.score(request));
    countScores(metrics, answer, (performance.now() - began) / 1_000);
    return answerText(answer);
  }

  return async (headers, body) => {
    const started = performance.now();
    const requestId = requestIdOf(headers["x-request-id"]);
    let answer: HotAnswer;
    try {
      const text = await score(headers, body, started);
      answer = { status: 200, requestId, headers: GOOD_HEADERS, text };
    } catch (error) {
      const problem = toProblem(error, requestId);
      logFailure(log, error, problem, SCORE_PATH);
      if (problem.status === 401) await slowFailure();
      answer = {
        status: problem.status,
        requestId,
        headers: { ...ANSWER_HEADERS, ...problemHeaders(problem) },
        text: JSON.stringify(problem),
      };
    }
    metrics.answered("POST", SCORE_PATH, answer.status, (performance.now() - started) / 1_000, headers, requestId);
    return answer;
  };
}

/** @param seconds that all of them took together; absent for one answer of many */
export function countScores(metrics: Pick<Metrics, "scored">, { scores }: ScoreAnswer, seconds?: number): void {
  for (const model in scores) metrics.scored(model, scores[model].version, seconds);
}
