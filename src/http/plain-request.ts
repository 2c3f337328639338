import type { IncomingHttpHeaders } from "node:http";
import { SCORE_PATH } from "./hot-score.ts";

/** A whole request, understood without doubt. */
export interface PlainRequest {
  /** Those that the hot handler looks at. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** How many of the bytes it took. */
  readonly length: number;
}

const LINE = `POST ${SCORE_PATH} HTTP/1.1\r\n`;
const LINE_BYTES = Buffer.from(LINE, "latin1");
const HEAD_END = Buffer.from("\r\n\r\n", "latin1");
/** Larger ones are left to `node:http`. */
const HEAD_MOST = 8_192;
const REQUEST_MOST = 65_536;

/** Every line a name, a colon, a value of visible bytes: no folded lines, no bare CR or LF, no blank before the colon. */
const HEADERS = /^(?:[!#$%&'*+\-.^_`|~\dA-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
const LENGTH = /^\d{1,5}$/;

/** Names that are looked at; once each, or the request is not plain. */
const READ = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "authorization",
  "x-request-id",
  "traceparent",
]);
/** Names that change how the message is to be read or answered. */
const OTHERS = new Set(["transfer-encoding", "expect", "upgrade", "te", "trailer", "proxy-connection", "keep-alive"]);

/**
 * The request for a score at the beginning of `bytes`, when it is one that nobody could read in two ways:
 * `POST /v1/score HTTP/1.1` with one Host, one Content-Length of digits, and no header that frames it otherwise.
 *
 * @returns "more" when its head is all there and its body is not; "other" when it is for `node:http` to read, and to refuse where it must
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | "more" | "other" {
  if (bytes.length < LINE_BYTES.length || bytes.compare(LINE_BYTES, 0, LINE_BYTES.length, 0, LINE_BYTES.length) !== 0)
    return "other";
  const end = bytes.indexOf(HEAD_END, LINE_BYTES.length - 2);
  if (end < 0 || end > HEAD_MOST) return "other";
  const head = readHead(bytes.toString("latin1", LINE_BYTES.length, end + 2));
  if (head === undefined) return "other";
  const from = end + HEAD_END.length;
  const length = from + head.length;
  if (length > REQUEST_MOST) return "other";
  if (bytes.length < length) return "more";
  return { headers: head.headers, body: bytes.subarray(from, length), length };
}

interface Head {
  readonly headers: IncomingHttpHeaders;
  readonly length: number;
}

/** Callers send the same head again and again, but for the length. */
const REMEMBERED = 256;
const remembered = new Map<string, Head>();

function readHead(text: string): Head | undefined {
  const known = remembered.get(text);
  if (known) return known;
  const head = parseHead(text);
  if (head === undefined || head.headers["x-request-id"] !== undefined || head.headers.traceparent) return head;
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(text, head);
  return head;
}

function parseHead(text: string): Head | undefined {
  if (!HEADERS.test(text)) return undefined;
  const headers: Record<string, string> = {};
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(":", at);
    const end = text.indexOf("\r\n", colon);
    const name = text.slice(at, colon).toLowerCase();
    at = end + 2;
    if (OTHERS.has(name)) return undefined;
    if (name === "connection") {
      if (
        text
          .slice(colon + 1, end)
          .trim()
          .toLowerCase() !== "keep-alive"
      )
        return undefined;
    } else if (READ.has(name)) {
      if (headers[name] !== undefined) return undefined;
      headers[name] = text.slice(colon + 1, end).replace(/^[\t ]+|[\t ]+$/g, "");
    }
  }
  const length = headers["content-length"];
  if (!headers.host || length === undefined || !LENGTH.test(length)) return undefined;
  return { headers: Object.freeze(headers), length: Number(length) };
}
