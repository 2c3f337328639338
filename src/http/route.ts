import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import type { ReadBytes } from "./body.ts";
import type { KeyHolder, Scope } from "./keys.ts";

export type Method = "get" | "post" | "delete";

/** What a handler is given: everything parsed, nothing of Express. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  /** Who asks; undefined when no key is wanted. */
  readonly holder: KeyHolder | undefined;
  readonly requestId: string;
  /** The body as it comes, for a route that `readsItself`. */
  readonly input: BodyInput;
}

/** A body that nobody has read yet: to be had whole or piece by piece. */
export interface BodyInput {
  readonly read: ReadBytes;
  readonly pieces: AsyncIterable<Buffer>;
}

/** What leaves the house. */
export type Reply =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly type: string }
  /** Text that is made while it is sent; the next part is asked for when the caller has taken the last. */
  | { readonly status: number; readonly type: string; readonly lines: AsyncIterable<string> }
  /** Server-sent events, as long as the iterable lasts. */
  | { readonly events: AsyncIterable<{ readonly event: string; readonly data: unknown }> };

export interface AnswerFace {
  readonly about: string;
  /** Absent for what is not JSON. */
  readonly schema?: z.ZodType;
  readonly type?: string;
}

interface RouteFace {
  readonly method: Method;
  /** As Express writes it: `/v1/receipts/:id`. */
  readonly path: string;
  /** What the caller's key must allow; undefined = anybody may. */
  readonly scope: Scope | undefined;
  /** One line: what it does. */
  readonly summary: string;
  /** The heading it stands under. */
  readonly group: string;
  /** Bytes; 1 MB when absent. */
  readonly bodyLimit?: number;
  /** Whether nothing may be sent as well: the schema is then given `undefined`. */
  readonly bodyOptional?: boolean;
  /** Whether NDJSON is read too; the body is then the list of its lines. */
  readonly ndjson?: boolean;
  /** A body whose items are judged one by one by the handler: JSON of any Content-Type, nothing in it judged before. */
  readonly unjudged?: boolean;
  /** Whether the handler reads the body from `input`: `body` then only says what is wanted. */
  readonly readsItself?: boolean;
  /** Without a header Authorization, the key is the body's `writeKey`, as clients of Segment's API may send it. */
  readonly keyInBody?: boolean;
  /**
   * Asked before the body is read: its announced bytes, and whether a key came with the headers. Throws to refuse the
   * call; else what it answers is called when the call is over.
   */
  readonly enter?: (bytes: number, withKey: boolean) => () => void;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerFace>>;
  /** What can go wrong beside what can go wrong everywhere. */
  readonly errors: readonly ErrorCode[];
}

/**
 * A call of the API, declared once: validation, the scope that is wanted and the OpenAPI page all come from here.
 * Parts without a schema are not read.
 */
export interface Route extends RouteFace {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly audit?: AuditFace<never, never, never>;
  /** Absent for the call that `hot-score.ts` answers. */
  readonly handle?: (call: Call<never, never, never>) => Promise<Reply> | Reply;
}

/** What the audit says of a call: names of ours (never free text), and whom it is about, which it keeps as a digest. */
export type AuditAbout = { readonly entity?: EntityRef } & Readonly<Record<string, string | EntityRef | undefined>>;

/**
 * `change`: written down before it is done, and how it ended. `look`: at what is known of one person, or at the audit;
 * written down before. See `audited.ts`.
 */
interface AuditFace<Params, Query, Body> {
  readonly kind: "change" | "look";
  readonly about?: (call: Call<Params, Query, Body>) => AuditAbout;
}

type Out<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** Declares a route, and gives its handler the types of its own schemas. */
export function route<
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  declared: RouteFace & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly audit?: AuditFace<Out<Params>, Out<Query>, Out<Body>>;
    readonly handle?: (call: Call<Out<Params>, Out<Query>, Out<Body>>) => Promise<Reply> | Reply;
  },
): Route {
  return declared as Route;
}

export const MEGABYTE = 1_048_576;
export const json = (body: unknown, status = 200): Reply => ({ status, json: body });
