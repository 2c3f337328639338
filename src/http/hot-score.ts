import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../log.ts";
import type { ScoreAnswer, ScoreService } from "../scoring/score.ts";
import { wantsMore } from "../scoring/score-in-time.ts";
import type { Admit } from "./admission.ts";
import { type ReadBytes, readJsonBytes } from "./body.ts";
import type { WithinDeadline } from "./deadline.ts";
import { logFailure, problemHeaders, toProblem } from "./errors.ts";
import type { KeyHolder } from "./keys.ts";
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

/**
 * `POST /v1/score` of headers and a body, there already or asked for when it is wanted. Never throws nor rejects. A
 * promise only where something is waited for: of a call of 40 µs, promises are a tenth.
 */
export type HotScore = (headers: IncomingHttpHeaders, body: Buffer | ReadBytes) => HotAnswer | Promise<HotAnswer>;

/** Of every good answer, so that a server may write them once. */
const GOOD_HEADERS = Object.freeze({ ...ANSWER_HEADERS, "Content-Type": "application/json; charset=utf-8" });

export interface HotScoreNeeds {
  readonly service: Pick<ScoreService, "scoreAtOnce">;
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

  /** Of the call that came at `started`. What is thrown is not told of yet. */
  function scoreNow(headers: IncomingHttpHeaders, body: Buffer | ReadBytes, started: number, tell: Tell): Told {
    const holder = admit(headers.authorization, "score"); // before anything is read
    const bytes = readJsonBytes(headers, body, MEGABYTE);
    return bytes instanceof Promise
      ? bytes.then((all) => scoreBytes(all, holder, started, tell)).catch(tell.bad)
      : scoreBytes(bytes, holder, started, tell);
  }

  function scoreBytes(bytes: Buffer, holder: KeyHolder | undefined, started: number, { good, bad }: Tell): Told {
    const request = read(bytes);
    if (wantsMore(request)) {
      const text = answerCall(request, holder, started);
      return text instanceof Promise ? text.then(good, bad) : good(text);
    }
    const began = performance.now();
    const told = (answer: ScoreAnswer): HotAnswer => {
      countScores(metrics, answer, (performance.now() - began) / 1_000);
      return good(answerText(answer));
    };
    return within(() => service.scoreAtOnce(request), told, bad);
  }

  return (headers, body) => {
    const started = performance.now();
    const requestId = requestIdOf(headers["x-request-id"]);
    const counted = (answer: HotAnswer): HotAnswer => {
      const seconds = (performance.now() - started) / 1_000;
      metrics.answered("POST", SCORE_PATH, answer.status, seconds, headers, requestId);
      return answer;
    };
    const good = (text: string): HotAnswer => counted({ status: 200, requestId, headers: GOOD_HEADERS, text });
    const bad = async (error: unknown): Promise<HotAnswer> => {
      const problem = toProblem(error, requestId);
      logFailure(log, error, problem, SCORE_PATH);
      if (problem.status === 401) await slowFailure();
      const { status } = problem;
      const said = { ...ANSWER_HEADERS, ...problemHeaders(problem) };
      return counted({ status, requestId, headers: said, text: JSON.stringify(problem) });
    };
    try {
      return scoreNow(headers, body, started, { good, bad });
    } catch (error) {
      return bad(error);
    }
  };
}

type Told = HotAnswer | Promise<HotAnswer>;

/** How a call ends. */
interface Tell {
  readonly good: (text: string) => HotAnswer;
  readonly bad: (error: unknown) => Promise<HotAnswer>;
}

/** @param seconds that all of them took together; absent for one answer of many */
export function countScores(metrics: Pick<Metrics, "scored">, { scores }: ScoreAnswer, seconds?: number): void {
  for (const model in scores) metrics.scored(model, scores[model].version, seconds);
}
