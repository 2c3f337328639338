import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { PortraitError } from "../../src/errors.ts";

/** What a file is, found by reading it once from end to end. */
export type FileFacts = { readonly path: string; readonly name: string; readonly sha256: string } & (
  | { readonly format: "parquet" }
  | {
      readonly format: "text";
      readonly compression: "gzip" | "none";
      readonly encoding: "utf-8" | "latin-1" | "utf-16";
      /** The first characters, without a byte-order mark. */
      readonly head: string;
      /** Line ends, and so about the number of rows. */
      readonly lines: number;
      /** Whether `head` is all there is. */
      readonly whole: boolean;
      /** Line ends of more than one kind, which DuckDB reads only when told to be lenient. */
      readonly mixedLineEnds: boolean;
      /** An odd number of quotes: one is never closed. */
      readonly quoteOpen: boolean;
    }
);

type Decoder = InstanceType<typeof TextDecoder>;

const HEAD_BYTES = 1 << 18;

/**
 * Reads the whole file once: its sha256, its kind by its first bytes, whether a gzip is complete (DuckDB would read a
 * cut one as a shorter file), its encoding and line ends.
 *
 * @throws PortraitError FILE_UNREADABLE for no file, a folder, a workbook, other binary content, a damaged gzip;
 *   TABLE_EMPTY for a file without a byte
 * Cost: one pass, about 300 MB/s of text.
 */
export async function inspectFile(path: string): Promise<FileFacts> {
  const name = basename(path);
  const first = await firstBytes(path, name);
  if (first.length === 0) throw new PortraitError("TABLE_EMPTY", `Wanted a table in ${name}, found an empty file.`);
  if (first.subarray(0, 4).toString("latin1") === "PAR1") {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return { path, name, sha256: hash.digest("hex"), format: "parquet" };
  }
  if (first.subarray(0, 4).toString("latin1") === "PK\u0003\u0004")
    throw unreadable(name, "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV.");
  return readText(path, name, first[0] === 0x1f && first[1] === 0x8b);
}

const unreadable = (name: string, found: string, todo: string, cause?: unknown) =>
  new PortraitError(
    "FILE_UNREADABLE",
    `Wanted CSV (plain or gzip) or Parquet in ${name}, found ${found}. ${todo}`,
    {},
    cause,
  );

async function firstBytes(path: string, name: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory()) throw unreadable(name, "a folder", "Give one file.");
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof PortraitError) throw error;
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : "a file that may not be read";
    throw unreadable(name, why, `Check the path: ${path}`, error);
  }
}

async function readText(path: string, name: string, zipped: boolean): Promise<FileFacts> {
  const hash = createHash("sha256");
  const raw = createReadStream(path, { highWaterMark: 1 << 18 });
  raw.on("data", (chunk) => hash.update(chunk));
  const bytes = zipped ? raw.pipe(createGunzip()) : raw;
  if (zipped) raw.on("error", (error) => bytes.destroy(error));

  const head: Buffer[] = [];
  const scan = { size: 0, lf: 0, crlf: 0, cr: 0, quotes: 0, zeros: 0, last: 0 };
  let decoder: Decoder | undefined = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of Readable.from(bytes) as AsyncIterable<Buffer>) {
      if (scan.size < HEAD_BYTES) head.push(chunk);
      decoder = decodes(decoder, chunk);
      scanBytes(chunk, scan);
    }
  } catch (error) {
    throw unreadable(name, "a gzip that is damaged or cut short", "Fetch or pack it again.", error);
  }
  if (scan.size === 0) throw new PortraitError("TABLE_EMPTY", `Wanted a table in ${name}, found an empty file.`);

  const start = Buffer.concat(head);
  const utf16 = start[0] === 0xff && start[1] === 0xfe;
  if (!utf16 && scan.zeros > 0) throw unreadable(name, "bytes that are no text", "Give a text table or Parquet.");
  const encoding = utf16 ? "utf-16" : decoder && decodes(decoder) ? "utf-8" : "latin-1";
  const text = new TextDecoder(encoding === "utf-16" ? "utf-16le" : encoding === "utf-8" ? "utf-8" : "latin1").decode(
    start.subarray(0, HEAD_BYTES),
  );
  const kinds = [scan.lf - scan.crlf, scan.crlf, scan.cr - scan.crlf].filter((count) => count > 0).length;
  return {
    path,
    name,
    sha256: hash.digest("hex"),
    format: "text",
    compression: zipped ? "gzip" : "none",
    encoding,
    head: text,
    lines: scan.lf || scan.cr,
    whole: scan.size <= HEAD_BYTES,
    mixedLineEnds: !utf16 && kinds > 1,
    quoteOpen: scan.quotes % 2 === 1,
  };
}

/** The decoder while all was UTF-8 so far, undefined from the first byte that is not. Without a chunk: at the end. */
function decodes(decoder: Decoder | undefined, chunk?: Buffer): Decoder | undefined {
  try {
    if (chunk) decoder?.decode(chunk, { stream: true });
    else decoder?.decode();
    return decoder;
  } catch {
    return undefined;
  }
}

type Scan = { size: number; lf: number; crlf: number; cr: number; quotes: number; zeros: number; last: number };

function scanBytes(chunk: Buffer, scan: Scan): void {
  let { lf, crlf, cr, quotes, zeros, last } = scan;
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i];
    if (byte === 10) {
      lf++;
      if (last === 13) crlf++;
    } else if (byte === 13) cr++;
    else if (byte === 34) quotes++;
    else if (byte === 0) zeros++;
    last = byte;
  }
  Object.assign(scan, { size: scan.size + chunk.length, lf, crlf, cr, quotes, zeros, last });
}
