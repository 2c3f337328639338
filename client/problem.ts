import type { ErrorCode } from "./api.ts";

/** A refusal of the server (RFC 9457). `code` is the contract, the message is for people. */
export class PortraitProblem extends Error {
  /** `UNREADABLE` when something between answered instead of portrait. */
  readonly code: ErrorCode | "UNREADABLE";
  readonly status: number;
  readonly requestId: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Seconds after which it may work; undefined when trying again is no use. */
  readonly retryAfterS: number | undefined;

  constructor(given: {
    readonly code: ErrorCode | "UNREADABLE";
    readonly status: number;
    readonly detail: string;
    readonly requestId?: string;
    readonly facts?: Readonly<Record<string, unknown>>;
    readonly retryAfterS?: number;
  }) {
    super(`${given.code}: ${given.detail}`);
    this.name = "PortraitProblem";
    this.code = given.code;
    this.status = given.status;
    this.requestId = given.requestId;
    this.facts = given.facts ?? {};
    this.retryAfterS = given.retryAfterS;
  }
}

/** The problem in an answer that is none of the good ones. */
export function problemOf(status: number, text: string, retryAfter: string | null): PortraitProblem {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const again = (status === 429 || status === 503) && seconds >= 0 ? { retryAfterS: seconds } : {};
  try {
    const { code, detail, requestId, facts } = JSON.parse(text);
    if (typeof code === "string" && typeof detail === "string") {
      return new PortraitProblem({ code: code as ErrorCode, status, detail, requestId, facts, ...again });
    }
  } catch {
    // no JSON: a proxy's own page
  }
  return new PortraitProblem({
    code: "UNREADABLE",
    status,
    detail: `Wanted an answer of portrait, found status ${status} of something else. Look at what stands between.`,
    ...again,
  });
}
