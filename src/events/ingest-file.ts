import { PortraitError } from "../errors.ts";
import type { Event } from "./event.ts";
import type { EventLog } from "./event-log.ts";
import type { EventCheck } from "./event-schema.ts";
import { ingestEvents } from "./ingest-events.ts";
import { openMapped, type RowSource } from "./map-file.ts";
import type { Mapped } from "./map-rows.ts";
import type { Mapping } from "./mapping.ts";

/** Where an ingest of the same file was stopped, and how to say how far this one is. */
export interface IngestPlace {
  /** So many of the file's events are in the log already. */
  readonly from: number;
  /** So many of its first events are in the log now. */
  reached(events: number): void;
}

export interface IngestFileOptions {
  readonly path: string;
  /** The rows of a file that is no text (Parquet); it needs a mapping. */
  readonly rows?: RowSource;
  /** How columns become events; absent = the file holds one Segment call a line (NDJSON). */
  readonly mapping?: Mapping;
  readonly log: EventLog;
  /** The moment of the ingest, ms: nothing happens or is known later. */
  readonly now: number;
  /** Stop at the first line that does not fit, instead of counting it. */
  readonly strict?: boolean;
  /** What is declared of events: a line whose event breaks its schema does not fit. */
  readonly check?: EventCheck;
  readonly place?: IngestPlace;
  /** Events an append. */
  readonly batch?: number;
  readonly onProgress?: (done: number, note?: string) => void;
  readonly room?: () => Promise<void>;
}

export interface IngestSummary {
  /** Lines (records) read, without the header. */
  readonly lines: number;
  /** Events of the file that are in the log now, though the worker may recognise some as duplicates. */
  readonly events: number;
  /** Those of them that an earlier, stopped ingest of the file had appended; absent when none. */
  readonly resumed?: number;
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

interface Found {
  lines: number;
  skipped: Record<string, number>;
  broken: number;
  firstBroken: { line: number; reason: string }[];
  firstAt: number | undefined;
  lastAt: number | undefined;
}

/**
 * Brings a history into the log: NDJSON of Segment calls, or with a mapping a delimited file (gzip or plain) or rows of
 * another kind.
 *
 * Every event has an id that depends on the file alone, so the same file may be ingested again, after a failure or by
 * mistake, and counts nothing twice. In bounded memory: the file streams. With a `place`, the events that it names are
 * read, because lines of one event may stand apart, but not appended again.
 *
 * @throws PortraitError FILE_UNREADABLE, COLUMN_UNKNOWN, TABLE_EMPTY; ROW_BROKEN when `strict`; MAPPING_INVALID when no
 *   line at all fits; and what the log throws. What was appended before stays.
 */
export async function ingestFile(options: IngestFileOptions): Promise<IngestSummary> {
  const { path, rows, mapping, log, strict = false, check, place, batch, onProgress, room } = options;
  const found: Found = { lines: 0, skipped: {}, broken: 0, firstBroken: [], firstAt: undefined, lastAt: undefined };
  const { mapped, done } = await openMapped(options, found);
  const from = place?.from ?? 0;
  let passed = 0;
  let said = 0;

  async function* events(): AsyncGenerator<Event> {
    for await (const one of mapped) {
      const fitting = "event" in one ? checked(one, check) : one;
      if ("event" in fitting) {
        const { at } = fitting.event;
        found.firstAt = Math.min(found.firstAt ?? at, at);
        found.lastAt = Math.max(found.lastAt ?? at, at);
        if (passed < from) passed++;
        else yield fitting.event;
      } else if ("skipped" in fitting) found.skipped[fitting.skipped] = (found.skipped[fitting.skipped] ?? 0) + 1;
      else {
        const { line, broken } = fitting;
        if (strict) throw new PortraitError("ROW_BROKEN", `Line ${line} of ${path} does not fit: ${broken}.`, { line });
        found.broken++;
        if (found.firstBroken.length < SHOWN) found.firstBroken.push({ line, reason: broken });
      }
    }
  }

  const onAppended = (count: number, first: number) => {
    place?.reached(from + first);
    if (done() - said < 0.002) return;
    said = done();
    onProgress?.(said, `${(from + count).toLocaleString("en")} events`);
  };
  const appended = await ingestEvents(events(), { log, onAppended, ...(room && { room }), ...(batch && { batch }) });
  if (found.lines === 0)
    throw new PortraitError("TABLE_EMPTY", `There are no lines in ${path}, so there is nothing to ingest.`, { path });
  if (passed + appended === 0 && found.broken === found.lines) {
    const [{ line, reason }] = found.firstBroken;
    throw new PortraitError(
      "MAPPING_INVALID",
      `None of the ${found.lines} lines of ${path} fits; the first is line ${line}: ${reason}. ` +
        (mapping || rows
          ? "Correct the mapping."
          : "Wanted one Segment call a line (NDJSON), or a mapping for a delimited file (--map)."),
      { path, lines: found.lines },
    );
  }
  const { firstAt, lastAt, ...rest } = found;
  return {
    ...rest,
    events: passed + appended,
    ...(passed > 0 && { resumed: passed }),
    ...(firstAt !== undefined && { firstAt, lastAt }),
  };
}

function checked(one: Extract<Mapped, { event: Event }>, check: EventCheck | undefined): Mapped {
  const { name, properties } = one.event;
  const reason = check?.(name, properties);
  return reason === undefined ? one : { line: one.line, broken: `the schema of "${name}" is broken: ${reason}` };
}
