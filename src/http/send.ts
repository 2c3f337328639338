import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Problem } from "./errors.ts";
import { problemHeaders, toProblem } from "./errors.ts";
import type { Reply } from "./route.ts";

/** A stream says something this often, so that nobody between takes it for dead. */
const HEARTBEAT_MS = 15_000;

/** Writes an answer by hand: no etag, no content negotiation, nothing that is computed for every answer and used by none. */
export function send(req: IncomingMessage, res: ServerResponse, reply: Reply): Promise<void> | void {
  if ("events" in reply) return sendEvents(res, reply.events);
  if ("lines" in reply) return sendLines(res, reply);
  if ("text" in reply) return sendText(req, res, reply.status, { "Content-Type": reply.type }, reply.text);
  sendText(
    req,
    res,
    reply.status,
    { "Content-Type": "application/json; charset=utf-8", ...reply.headers },
    JSON.stringify(reply.json),
  );
}

export function sendProblem(
  req: IncomingMessage,
  res: ServerResponse,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(req, res, problem.status, { ...problemHeaders(problem), ...headers }, JSON.stringify(problem));
}

/** A whole answer with its length. */
export function sendText(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): void {
  // what is still being sent is not waited for
  const unread = !req.complete && req.method !== "GET" && req.method !== "HEAD";
  res.writeHead(status, {
    ...headers,
    "Content-Length": Buffer.byteLength(text),
    ...(unread && { Connection: "close" }),
  });
  res.end(text);
  if (unread) req.resume();
}

/** Writes as fast as the caller reads. What breaks off in the middle ends without its end, which every client notices. */
async function sendLines(
  res: ServerResponse,
  { status, type, lines }: Extract<Reply, { lines: unknown }>,
): Promise<void> {
  res.writeHead(status, { "Content-Type": type });
  try {
    await pipeline(lines, res);
  } catch (error) {
    const left = (error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE";
    if (!left) throw error;
  }
}

async function sendEvents(
  res: ServerResponse,
  events: AsyncIterable<{ readonly event: string; readonly data: unknown }>,
): Promise<void> {
  res.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  res.flushHeaders();
  const heartbeat = setInterval(() => res.write(": still here\n\n"), HEARTBEAT_MS);
  const iterator = events[Symbol.asyncIterator]();
  // the caller's leaving must end the wait for a change that may not come
  const leave = () => void iterator.return?.();
  res.once("close", leave);
  try {
    while (!res.destroyed) {
      const next = await iterator.next();
      if (next.done) break;
      res.write(`event: ${next.value.event}\ndata: ${JSON.stringify(next.value.data)}\n\n`);
    }
  } catch (error) {
    // the status has left long ago: the stream itself says why it ends
    res.write(`event: error\ndata: ${JSON.stringify(toProblem(error))}\n\n`);
  } finally {
    res.off("close", leave);
    clearInterval(heartbeat);
    res.end();
  }
}
