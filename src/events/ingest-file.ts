import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { PortraitError } from "../errors.ts";
import { DelimitedReader, type Record as Line } from "./delimited.ts";
import type { Event } from "./event.ts";
import type { EventLog } from "./event-log.ts";
import { ingestEvents } from "./ingest-events.ts";
import { createRowMapper, type Mapped } from "./map-rows.ts";
import type { Mapping } from "./mapping.ts";
import { readHistoryCall } from "./segment-call.ts";

export interface IngestFileOptions {
  readonly path: string;
  /** How columns become events; absent = the file holds one Segment call a line (NDJSON). */
  readonly mapping?: Mapping;
  readonly log: EventLog;
  /** The moment of the ingest, ms: nothing happens or is known later. */
  readonly now: number;
  /** Stop at the first line that does not fit, instead of counting it. */
  readonly strict?: boolean;
  readonly onProgress?: (done: number, note?: string) => void;
  readonly room?: () => Promise<void>;
}

export interface IngestSummary {
  /** Lines (records) read, without the header. */
  readonly lines: number;
  /** Events appended: each is in the log, though the worker may recognise it as a duplicate. */
  readonly events: number;
  /** Lines passed over by the mapping's rules, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Lines that did not fit; the first ones with their reason. */
  readonly broken: number;
  readonly firstBroken: readonly { readonly line: number; readonly reason: string }[];
  /** Of the events, ms; absent when there are none. */
  readonly firstAt?: number;
  readonly lastAt?: number;
}

const SHOWN = 5;

/**
 * Brings a history into the log: NDJSON of Segment calls, or a delimited file with a mapping; gzip or plain.
 *
 * Every event has an id that depends on the file alone, so the same file may be ingested again, after a failure or by
 * mistake, and counts nothing twice. In bounded memory: the file streams.
 *
 * @throws PortraitError FILE_UNREADABLE, COLUMN_UNKNOWN, TABLE_EMPTY; ROW_BROKEN when `strict`; MAPPING_INVALID when no
 *   line at all fits; and what the log throws. What was appended before stays.
 */
export async function ingestFile(options: IngestFileOptions): Promise<IngestSummary> {
  const { path, mapping, log, now, strict = false, onProgress, room } = options;
  const source = await openText(path);
  const found: Found = { lines: 0, skipped: {}, broken: 0, firstBroken: [], firstAt: undefined, lastAt: undefined };
  const mapped = mapping ? mapDelimited(source.pieces, mapping, now, found) : mapCalls(source.pieces, now, found);
  let said = 0;

  async function* events(): AsyncGenerator<Event> {
    for await (const one of mapped) {
      if ("event" in one) {
        const { at } = one.event;
        found.firstAt = Math.min(found.firstAt ?? at, at);
        found.lastAt = Math.max(found.lastAt ?? at, at);
        yield one.event;
      } else if ("skipped" in one) found.skipped[one.skipped] = (found.skipped[one.skipped] ?? 0) + 1;
      else {
        if (strict)
          throw new PortraitError("ROW_BROKEN", `Line ${one.line} of ${path} does not fit: ${one.broken}.`, {
            line: one.line,
          });
        found.broken++;
        if (found.firstBroken.length < SHOWN) found.firstBroken.push({ line: one.line, reason: one.broken });
      }
    }
  }

  const onAppended = (count: number) => {
    if (source.done() - said < 0.002) return;
    said = source.done();
    onProgress?.(said, `${count.toLocaleString("en")} events`);
  };
  const appended = await ingestEvents(events(), { log, onAppended, ...(room && { room }) });
  if (found.lines === 0)
    throw new PortraitError("TABLE_EMPTY", `There are no lines in ${path}, so there is nothing to ingest.`, { path });
  if (appended === 0 && found.broken === found.lines) {
    const [{ line, reason }] = found.firstBroken;
    throw new PortraitError(
      "MAPPING_INVALID",
      `None of the ${found.lines} lines of ${path} fits; the first is line ${line}: ${reason}. ` +
        (mapping
          ? "Correct the mapping."
          : "Wanted one Segment call a line (NDJSON), or a mapping for a delimited file (--map)."),
      { path, lines: found.lines },
    );
  }
  const { firstAt, lastAt, ...rest } = found;
  return { ...rest, events: appended, ...(firstAt !== undefined && { firstAt, lastAt }) };
}

interface Found {
  lines: number;
  skipped: Record<string, number>;
  broken: number;
  firstBroken: { line: number; reason: string }[];
  firstAt: number | undefined;
  lastAt: number | undefined;
}

async function* mapDelimited(
  pieces: AsyncIterable<string>,
  mapping: Mapping,
  now: number,
  found: Found,
): AsyncGenerator<Mapped> {
  const reader = new DelimitedReader(mapping.file.delimiter);
  const { header: hasHeader, columns } = mapping.file;
  let mapper = hasHeader ? undefined : createRowMapper(mapping, columns ?? [], now);
  const map = (line: Line): Mapped[] => {
    if (!mapper) {
      mapper = createRowMapper(mapping, columns ?? line.fields, now);
      return [];
    }
    found.lines++;
    return mapper.push(line);
  };
  for await (const piece of pieces) for (const line of reader.push(piece)) yield* map(line);
  for (const line of reader.end()) yield* map(line);
  yield* mapper?.end() ?? [];
}

async function* mapCalls(pieces: AsyncIterable<string>, now: number, found: Found): AsyncGenerator<Mapped> {
  let rest = "";
  let line = 0;
  function* read(text: string): Generator<Mapped> {
    line++;
    if (text.trim() === "") return;
    found.lines++;
    let call: unknown;
    try {
      call = JSON.parse(text);
    } catch {
      yield { line, broken: "it is no JSON" };
      return;
    }
    const mint = () => `line-${line}-${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
    const { events, rejected } = readHistoryCall(call, now, mint);
    for (const event of events) yield { event };
    for (const { reason } of rejected) yield { line, broken: reason.replace(/\.$/, "") };
  }
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield* read(text);
  }
  if (rest !== "") yield* read(rest);
}

/** The text of a file in pieces, unzipped when it begins as gzip does. */
async function openText(path: string): Promise<{ pieces: AsyncIterable<string>; done(): number }> {
  let size = 0;
  let zipped = false;
  try {
    const file = await open(path);
    try {
      size = (await file.stat()).size;
      const magic = Buffer.alloc(2);
      await file.read(magic, 0, 2, 0);
      zipped = magic[0] === 0x1f && magic[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const raw: ReadStream = createReadStream(path, { highWaterMark: 1 << 18 });
  const bytes = zipped ? raw.pipe(createGunzip()) : raw;
  if (zipped) raw.on("error", (error) => bytes.destroy(error));
  async function* pieces() {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    try {
      for await (const chunk of bytes) yield decoder.decode(chunk as Buffer, { stream: true });
    } catch (error) {
      throw unreadable(path, error);
    } finally {
      raw.destroy();
    }
  }
  return { pieces: pieces(), done: () => (size === 0 ? 1 : raw.bytesRead / size) };
}

function unreadable(path: string, error: unknown): PortraitError {
  if (error instanceof PortraitError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new PortraitError("FILE_UNREADABLE", `Wanted to read ${path}: ${why}.`, { path }, error);
}
