import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { PortraitError } from "../errors.ts";

const gunzip = promisify(gunzipCallback);

/** Deeper than anything that is sent on purpose. */
const DEPTH_LIMIT = 32;

/** The bytes of a body, asked for only when they are wanted. @throws PortraitError BODY_TOO_LARGE, BODY_NOT_JSON */
export type ReadBytes = (limit: number) => Promise<Buffer>;

export interface BodyWanted {
  readonly limit: number;
  readonly optional: boolean;
  readonly ndjson: boolean;
  /** JSON of any Content-Type, handed over as it was parsed: the reader judges its items one by one. */
  readonly unjudged?: boolean;
}

/**
 * Reads a body as JSON: it holds finite numbers only, no key `__proto__`, and is not nested deeper than 32 levels.
 * NDJSON, where it is wanted, becomes the list of its lines. Gzip is unpacked, up to the same limit.
 *
 * @returns undefined when nothing was sent and that is allowed
 * @throws PortraitError BODY_TOO_LARGE, BODY_NOT_JSON, MEDIA_TYPE_UNSUPPORTED
 */
export async function readBody(headers: IncomingHttpHeaders, read: ReadBytes, wanted: BodyWanted): Promise<unknown> {
  const lines = isNdjson(headers, wanted);
  const bytes = await unpackedOf(await read(wanted.limit), headers, wanted);
  if (bytes === undefined) return undefined;
  const text = utf8Of(bytes);
  if (wanted.unjudged) return parseJson(text);
  return lines ? parseLines(text) : parse(text);
}

/**
 * Whether the body is announced as NDJSON.
 *
 * @throws PortraitError MEDIA_TYPE_UNSUPPORTED for a type that is not wanted; none at all may still turn out empty
 */
function isNdjson(headers: IncomingHttpHeaders, wanted: BodyWanted): boolean {
  if (wanted.unjudged) return false;
  const type = mediaType(headers["content-type"]);
  const lines = wanted.ndjson && (type === "application/x-ndjson" || type === "application/ndjson");
  if (type !== "" && type !== JSON_TYPE && !lines) throw unsupported(JSON_TYPE, type, wanted.ndjson);
  return lines;
}

/** The bytes of a body; undefined when nothing was sent and that is allowed. A promise only where something is unpacked. */
function unpackedOf(
  bytes: Buffer,
  headers: IncomingHttpHeaders,
  { limit, optional, ndjson, unjudged }: BodyWanted,
): Buffer | undefined | Promise<Buffer> {
  if (bytes.length === 0) {
    if (optional) return undefined;
    throw new PortraitError("BODY_NOT_JSON", "Wanted a JSON body, found none.");
  }
  if (!unjudged && mediaType(headers["content-type"]) === "") throw unsupported(JSON_TYPE, "none", ndjson);
  const encoding = headers["content-encoding"];
  return encoding === undefined ? bytes : unpack(bytes, encoding, limit);
}

/** The bytes of a JSON body that must be there, unpacked. A promise only where there is something to wait for. @throws as `readBody` */
export function readJsonBytes(
  headers: IncomingHttpHeaders,
  body: Buffer | ReadBytes,
  limit: number,
): Buffer | Promise<Buffer> {
  const wanted = { limit, optional: false, ndjson: false };
  isNdjson(headers, wanted);
  const unpacked = (bytes: Buffer) => unpackedOf(bytes, headers, wanted) ?? Buffer.alloc(0);
  return typeof body === "function" ? body(limit).then(unpacked) : unpacked(body);
}

export function utf8Of(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new PortraitError("BODY_NOT_JSON", "Wanted a body in UTF-8, found bytes that are not.");
  return bytes.toString();
}

const JSON_TYPE = "application/json";

/** The type as nearly everybody writes it is not taken apart. */
const mediaType = (header = ""): string =>
  header === JSON_TYPE ? header : header.split(";", 1)[0].trim().toLowerCase();

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

/** The bytes of a request, as they arrive. */
export const bytesOf =
  (req: IncomingMessage): ReadBytes =>
  (limit) =>
    readBytes(req, limit);

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

async function unpack(bytes: Buffer, encoding: string, limit: number): Promise<Buffer> {
  if (encoding === "identity") return bytes;
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
  const value = parseJson(text, where);
  mustBePlain(value, where);
  return value;
}

/** JSON of any kind: `mustBePlain` is still to be asked. @throws PortraitError BODY_NOT_JSON */
export function parseJson(text: string, where = "The body"): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // the parser's own words quote what was sent, which may be personal
    throw new PortraitError("BODY_NOT_JSON", `${where} is not JSON. Look for quotes, commas and brackets.`);
  }
}

function parseLines(text: string): unknown[] {
  return text
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => parse(line, `Line ${number} of the body`));
}

/**
 * Refuses what JSON lets through and we do not: 1e999 (read as infinite), `__proto__`, and endless nesting.
 *
 * @throws PortraitError BODY_NOT_JSON
 */
export function mustBePlain(root: unknown, where: string): void {
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
