import { CALLS, type Calls } from "./api.ts";
import { PortraitProblem, problemOf } from "./problem.ts";
import { readEvents } from "./read-events.ts";

export type { Calls, ErrorCode } from "./api.ts";
export { PortraitProblem } from "./problem.ts";

export interface ClientOptions {
  /** Where portrait answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly key?: string;
  /** For one try, until the headers of its answer are there; 10 s when absent. */
  readonly timeoutMs?: number;
  /** How often to try again what may work later (429, 503); 3 when absent. */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface CallOptions {
  /** Ends the call, its waiting included. */
  readonly signal?: AbortSignal;
  /** Comes back in the answer and stands in the server's log. */
  readonly requestId?: string;
}

type Input<Name extends keyof Calls> = Omit<Calls[Name], "answer">;
/** What must be given only where something must. */
type Given<Name extends keyof Calls> =
  Record<string, never> extends Input<Name>
    ? [input?: Input<Name>, options?: CallOptions]
    : [input: Input<Name>, options?: CallOptions];

/** One function a call, named as in the OpenAPI document. */
export type Client = {
  readonly [Name in keyof Calls]: (...given: Given<Name>) => Promise<Calls[Name]["answer"]>;
};

interface AnyInput {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** No answer asks for more patience than that. */
const LONGEST_WAIT_S = 60;

/**
 * The calls of a portrait server as typed functions. What the server says may work later (429, 503) is tried again when
 * it says; a connection that fails is tried again for a GET, since only there nothing can have been done.
 *
 * Each call rejects with a `PortraitProblem` whose `code` is in the table of docs/api.md, with a `TypeError` of `fetch`
 * when there is no connection, and with a `TimeoutError` or the signal's reason when it is ended.
 */
export function createClient(options: ClientOptions): Client {
  const calls = Object.entries(CALLS).map(([name, call]) => [
    name,
    (input: AnyInput = {}, callOptions: CallOptions = {}) => ask(options, call, input, callOptions),
  ]);
  return Object.freeze(Object.fromEntries(calls)) as Client;
}

async function ask(
  { url, key, timeoutMs = 10_000, retries = 3, fetch: fetched = fetch, sleep = later }: ClientOptions,
  [method, path, form]: (typeof CALLS)[keyof typeof CALLS],
  { path: places = {}, query = {}, body }: AnyInput,
  { signal, requestId }: CallOptions,
): Promise<unknown> {
  const address = url.replace(/\/+$/, "") + addressOf(path, places, query);
  const headers = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(requestId !== undefined && { "x-request-id": requestId }),
  };
  for (let tries = 0; ; tries++) {
    const more = tries < retries;
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new DOMException("The server did not answer in time", "TimeoutError")),
      timeoutMs,
    );
    const asked = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    try {
      const res = await fetched(address, {
        ...asked,
        signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
      });
      if (!isProblem(res)) {
        if (form === "events") return readEvents(res, () => clearTimeout(timer));
        return form === "json" ? await res.json() : await res.text();
      }
      const problem = problemOf(res.status, await res.text(), res.headers.get("retry-after"));
      if (!more || problem.retryAfterS === undefined || problem.retryAfterS > LONGEST_WAIT_S) throw problem;
      await sleep(problem.retryAfterS * 1_000, signal);
    } catch (error) {
      const mayAgain = more && method === "GET" && !(error instanceof PortraitProblem) && !signal?.aborted;
      if (!mayAgain) throw error;
      await sleep(100 * 2 ** tries, signal);
    } finally {
      if (form !== "events") clearTimeout(timer);
    }
  }
}

const isProblem = (res: Response): boolean =>
  (res.headers.get("content-type") ?? "").startsWith("application/problem+json") ||
  (!res.ok && !(res.headers.get("content-type") ?? "").startsWith("application/json"));

function addressOf(
  path: string,
  places: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(places[name])));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.append(name, String(value));
  return asked.size > 0 ? `${filled}?${asked}` : filled;
}

function later(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", ended, { once: true });
    function done() {
      signal?.removeEventListener("abort", ended);
      resolve();
    }
    function ended() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    if (signal?.aborted) ended();
  });
}
