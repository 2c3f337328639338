import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { PortraitError } from "../errors.ts";

const gunzip = promisify(gunzipCallback);

/** Deeper than anything that is sent on purpose. */
const DEPTH_LIMIT = 32;

export interface BodyWanted {
  readonly limit: number;
  readonly optional: boolean;
  readonly ndjson: boolean;
}

/**
 * Reads the body of a request as JSON: an answer holds finite numbers only, no key `__proto__`, and is not nested
 * deeper than 32 levels. NDJSON, where it is wanted, becomes the list of its lines. Gzip is unpacked, up to the same limit.
 *
 * @returns undefined when nothing was sent and that is allowed
 * @throws PortraitError BODY_TOO_LARGE, BODY_NOT_JSON, MEDIA_TYPE_UNSUPPORTED
 */
export async function readBody(req: IncomingMessage, wanted: BodyWanted): Promise<unknown> {
  const type = mediaType(req);
  const lines = wanted.ndjson && (type === "application/x-ndjson" || type === "application/ndjson");
  if (type !== "" && type !== "application/json" && !lines) throw unsupported("application/json", type, wanted.ndjson);

  let bytes = await readBytes(req, wanted.limit);
  if (bytes.length === 0) {
    if (wanted.optional) return undefined;
    throw new PortraitError("BODY_NOT_JSON", "Wanted a JSON body, found none.");
  }
  if (type === "") throw unsupported("application/json", "none", wanted.ndjson);
  bytes = await unpack(bytes, req.headers["content-encoding"], wanted.limit);
  if (!isUtf8(bytes)) throw new PortraitError("BODY_NOT_JSON", "Wanted a body in UTF-8, found bytes that are not.");
  return lines ? parseLines(bytes.toString()) : parse(bytes.toString());
}

const mediaType = (req: IncomingMessage): string =>
  (req.headers["content-type"] ?? "").split(";", 1)[0].trim().toLowerCase();

function unsupported(wanted: string, found: string, ndjson: boolean): PortraitError {
  return new PortraitError(
    "MEDIA_TYPE_UNSUPPORTED",
    `Wanted Content-Type: ${wanted}${ndjson ? " or application/x-ndjson" : ""}, found ${found.slice(0, 80)}.`,
  );
}

const tooLarge = (limit: number) =>
  new PortraitError(
    "BODY_TOO_LARGE",
    `Wanted a body of at most ${limit.toLocaleString("en-US")} bytes, found more. Send it in parts.`,
    { limit },
  );

function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(tooLarge(limit));
      else chunks.push(chunk);
    });
    req.on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    req.on("error", () => reject(new PortraitError("BODY_NOT_JSON", "The body broke off before its end.")));
    req.on("aborted", () => reject(new PortraitError("BODY_NOT_JSON", "The body broke off before its end.")));
  });
}

async function unpack(bytes: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  if (encoding === undefined || encoding === "identity") return bytes;
  if (encoding !== "gzip") {
    throw new PortraitError(
      "MEDIA_TYPE_UNSUPPORTED",
      `Wanted Content-Encoding: gzip or none, found ${encoding.slice(0, 40)}.`,
    );
  }
  try {
    return await gunzip(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw new PortraitError("BODY_NOT_JSON", "The body is announced as gzip and is not.");
  }
}

/** @throws PortraitError BODY_NOT_JSON */
export function parse(text: string, where = "The body"): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the parser's own words quote what was sent, which may be personal
    throw new PortraitError("BODY_NOT_JSON", `${where} is not JSON. Look for quotes, commas and brackets.`);
  }
  mustBePlain(value, where);
  return value;
}

function parseLines(text: string): unknown[] {
  return text
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => parse(line, `Line ${number} of the body`));
}

/** Refuses what JSON lets through and we do not: 1e999 (read as infinite), `__proto__`, and endless nesting. */
function mustBePlain(root: unknown, where: string): void {
  const refuse = (found: string) => {
    throw new PortraitError("BODY_NOT_JSON", `${where} holds ${found}.`);
  };
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) refuse("a number too great to be kept; wanted finite numbers");
      return;
    }
    if (typeof value !== "object" || value === null) return;
    if (depth === DEPTH_LIMIT) refuse(`more than ${DEPTH_LIMIT} levels of nesting`);
    if (Array.isArray(value)) {
      for (const item of value) walk(item, depth + 1);
      return;
    }
    for (const key in value) {
      if (key === "__proto__") refuse('a key "__proto__", which is not taken');
      walk((value as Record<string, unknown>)[key], depth + 1);
    }
  };
  walk(root, 0);
}
