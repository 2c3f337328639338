import type { IncomingMessage, ServerResponse } from "node:http";
import { bytesOf } from "./body.ts";
import { type HotScore, SCORE_PATH } from "./hot-score.ts";
import { sendText } from "./send.ts";

/** Whether the hot handler is asked for, by its plain address; written otherwise, Express finds the way to it. */
export const isHot = (req: IncomingMessage): boolean => req.url === SCORE_PATH && req.method === "POST";

/** Lets the hot handler answer a request of any `node:http` server, Express's included. */
export async function mountHot(hot: HotScore, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { status, requestId, headers, text } = await hot(req.headers, bytesOf(req));
  if (!res.destroyed) sendText(req, res, status, { ...headers, "X-Request-Id": requestId }, text);
}
