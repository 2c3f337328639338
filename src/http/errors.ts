import { ZodError } from "zod";
import { CODES, type ErrorCode, PortraitError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Seconds after which a caller may try again what failed for now; an error that knows better says `retryAfterS`. */
export const RETRY_AFTER_S = 5;

/** RFC 9457, with a stable `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode | "INTERNAL";
  readonly detail: string;
  readonly requestId?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export const problemType = (code: string): string => `urn:portrait:error:${code}`;

/** What a caller is told of an error. Of one that is not ours: nothing but that it is. */
export function toProblem(error: unknown, requestId?: string): Problem {
  const known = toPortraitError(error);
  if (!known) {
    return {
      type: problemType("INTERNAL"),
      title: "Something broke on our side",
      status: 500,
      code: "INTERNAL",
      detail: "This is a bug. Tell the operator the request id; the log holds the rest.",
      ...(requestId !== undefined && { requestId }),
    };
  }
  return {
    type: problemType(known.code),
    title: CODES[known.code].title,
    status: known.status,
    code: known.code,
    detail: known.message,
    ...(requestId !== undefined && { requestId }),
    ...(Object.keys(known.facts).length > 0 && { facts: known.facts }),
  };
}

function toPortraitError(error: unknown): PortraitError | undefined {
  if (error instanceof PortraitError) return error;
  if (error instanceof ZodError) return fromZod(error, "The request");
  if (error instanceof URIError) return new PortraitError("INPUT_INVALID", "The address is not well encoded.");
  return undefined;
}

/** All complaints together, each with its place; the values themselves are not repeated. */
export function fromZod(error: ZodError, what: string): PortraitError {
  const issues = error.issues.map(({ path, message }) => ({ at: path.join("."), message }));
  const words = issues.map(({ at, message }) => (at ? `${at}: ${message}` : message)).join("; ");
  return new PortraitError("INPUT_INVALID", `${what} does not fit: ${words}.`, { issues }, error);
}

/** The headers that go with a problem. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const retry = problem.code !== "INTERNAL" && CODES[problem.code].retry;
  return {
    "Content-Type": "application/problem+json; charset=utf-8",
    ...(retry && { "Retry-After": String(problem.facts?.retryAfterS ?? RETRY_AFTER_S) }),
    ...(problem.status === 401 && { "WWW-Authenticate": 'Bearer realm="portrait"' }),
  };
}

/** So many lines a second tell of failures of one code at one route. While Redis is away there are thousands. */
const LINES_A_SECOND = 10;

/** By log, code and route: the second that is under way, and how many it had. */
const told = new WeakMap<Log, Map<string, { second: number; count: number }>>();

/**
 * Says a failure to the log: bugs, and refusals of ours when they are our fault. Of many alike in one second the first
 * ten are said; how many `more` there were stands in the next line of their kind, and in the metrics at any time.
 * An unknown error's words may quote a person's data, so only those of the language itself are repeated.
 */
export function logFailure(
  log: Log,
  error: unknown,
  problem: Problem,
  route: string,
  nowMs: number = performance.now(),
): void {
  const known = { code: problem.code, status: problem.status, route, requestId: problem.requestId };
  if (problem.status < 500) {
    log.debug(known, "request refused");
    return;
  }
  const more = leftOut(log, `${problem.code} ${route}`, nowMs);
  if (more === undefined) return;
  const facts = { ...known, ...(more > 0 && { more }) };
  if (problem.code !== "INTERNAL") log.warn({ ...facts, facts: problem.facts }, "request failed");
  else log.error({ ...facts, error: withoutData(error) }, "a bug");
}

/** How many lines of this kind were left out before this one; undefined when this one is, too. */
function leftOut(log: Log, kind: string, nowMs: number): number | undefined {
  const kinds = told.get(log) ?? new Map<string, { second: number; count: number }>();
  told.set(log, kinds);
  const second = Math.floor(nowMs / 1_000);
  const before = kinds.get(kind);
  if (before?.second === second) return ++before.count > LINES_A_SECOND ? undefined : 0;
  kinds.set(kind, { second, count: 1 });
  return Math.max(0, (before?.count ?? 0) - LINES_A_SECOND);
}

function withoutData(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const ours = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { name: error.name, ...(ours && { message: error.message }), stack: frames.slice(0, 12).map((f) => f.trim()) };
}
