import http from "node:http";
import type { Express, Request as Req, Response as Res } from "express";
import { refuseBroken } from "./broken-requests.ts";
import type { HotScore } from "./hot-score.ts";
import { isHot, mountHot } from "./mount.ts";

/** How long a caller may take; ms. */
export interface Patience {
  /** Until all headers are there; 10 s when absent. */
  readonly headersMs?: number;
  /** Until the whole request is there; 30 s when absent. */
  readonly requestMs?: number;
  /** How often it is looked who is late. */
  readonly lookEveryMs?: number;
}

/**
 * An HTTP server for an Express app that makes requests and responses with the app's prototypes from the start.
 *
 * Express sets both prototypes on every request, and changing an object's prototype makes every later use of it slow:
 * more than half of what a small call costs. Here they are right when they are born, so that setting them changes
 * nothing. Express stays whole. See `notes/0001-prototypes-from-birth.md`.
 *
 * @param hot answers its own call before Express sees it, when given
 */
export function createServer(app: Express, hot?: HotScore, patience: Patience = {}): http.Server {
  // Node's constructors are plain functions: called on `this`, they fill it in
  const request = http.IncomingMessage as unknown as (this: unknown, ...given: unknown[]) => void;
  const response = http.ServerResponse as unknown as (this: unknown, ...given: unknown[]) => void;

  function Request(this: unknown, ...given: unknown[]) {
    request.apply(this, given);
  }
  function Response(this: unknown, ...given: unknown[]) {
    response.apply(this, given);
  }
  Request.prototype = app.request;
  Response.prototype = app.response;
  // V8 looks along this chain for how many properties to leave room for: without it each is born too small and grows
  Object.setPrototypeOf(Request, http.IncomingMessage);
  Object.setPrototypeOf(Response, http.ServerResponse);

  const server = http.createServer(
    {
      IncomingMessage: Request as unknown as typeof http.IncomingMessage,
      ServerResponse: Response as unknown as typeof http.ServerResponse,
      // a caller that is slow to speak, or never ends, frees its connection again
      headersTimeout: patience.headersMs ?? 10_000,
      requestTimeout: patience.requestMs ?? 30_000,
      connectionsCheckingInterval: patience.lookEveryMs ?? 1_000,
      keepAliveTimeout: 65_000, // longer than the load balancers in front, which must be the first to hang up
      maxHeaderSize: 16_384,
    },
    hot ? (req, res) => (isHot(req) ? mountHot(hot, req, res) : app(req as Req, res as Res)) : app,
  );
  refuseBroken(server);
  return server;
}
