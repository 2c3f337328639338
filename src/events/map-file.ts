import { createHash } from "node:crypto";
import { PortraitError } from "../errors.ts";
import { DelimitedReader, type Record as Line } from "./delimited.ts";
import type { Event } from "./event.ts";
import { BYTE_ORDER_MARK } from "./flat-properties.ts";
import { createRowMapper, type Mapped } from "./map-rows.ts";
import type { Mapping } from "./mapping.ts";
import { readHistoryCall } from "./segment-call.ts";
import { openText } from "./text-file.ts";

/** A table that is no text file: its columns, and its rows with every value as text, in the order of the file. */
export interface RowSource {
  readonly header: readonly string[];
  readonly pages: AsyncIterable<readonly Line[]>;
  /** The share of the rows that was read. */
  done(): number;
}

/** Counted as the lines go by. */
export interface LinesFound {
  lines: number;
}

/**
 * A file's lines as events, and how much of it was read: NDJSON of Segment calls, or by a mapping.
 *
 * @throws PortraitError FILE_UNREADABLE, COLUMN_UNKNOWN, MAPPING_INVALID
 */
export async function openMapped(
  file: { readonly path: string; readonly rows?: RowSource; readonly mapping?: Mapping; readonly now: number },
  found: LinesFound,
): Promise<{ mapped: AsyncIterable<Mapped>; done: () => number }> {
  const { path, rows, mapping, now } = file;
  if (rows) {
    if (!mapping)
      throw new PortraitError(
        "MAPPING_INVALID",
        `Wanted a mapping (--map) to say how the columns of ${path} become events; it has ${rows.header.join(", ")}.`,
        { path, columns: [...rows.header] },
      );
    return { mapped: mapPages(rows, mapping, now, found), done: rows.done };
  }
  const { pieces, done, damaged } = await openText(path);
  const mapped = mapping ? mapDelimited(pieces, mapping, now, found) : mapCalls(pieces, now, found);
  return { mapped: undamaged(mapped, damaged), done };
}

const REPLACED = "\ufffd";

/** Of a file that is not all UTF-8, what came out of its bad bytes: refused, not taken as another text. */
async function* undamaged(mapped: AsyncIterable<Mapped>, damaged: () => boolean): AsyncGenerator<Mapped> {
  for await (const one of mapped) {
    const bad = "event" in one && damaged() && holdsReplaced(one.event);
    yield bad ? { line: one.line, broken: "it holds bytes that are not UTF-8" } : one;
  }
}

const holdsReplaced = ({ id, name, entity, properties }: Event): boolean =>
  [id, name, entity.id, ...Object.keys(properties), ...Object.values(properties)].some(
    (value) => typeof value === "string" && value.includes(REPLACED),
  );

async function* mapPages(rows: RowSource, mapping: Mapping, now: number, found: LinesFound): AsyncGenerator<Mapped> {
  const mapper = createRowMapper(mapping, rows.header, now);
  for await (const page of rows.pages) {
    found.lines += page.length;
    for (const line of page) yield* mapper.push(line);
  }
  yield* mapper.end();
}

async function* mapDelimited(
  pieces: AsyncIterable<string>,
  mapping: Mapping,
  now: number,
  found: LinesFound,
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

/** A call fits many times into so many characters; an array of calls in one line does not have to. */
const LINE_CHARS = 1_000_000;
const TOO_LONG = `it is longer than ${LINE_CHARS.toLocaleString("en")} characters; wanted one call a line`;

async function* mapCalls(pieces: AsyncIterable<string>, now: number, found: LinesFound): AsyncGenerator<Mapped> {
  let rest = "";
  let line = 0;
  let tooLong = false; // the line in hand, whose beginning is not kept
  function* read(text: string): Generator<Mapped> {
    line++;
    if (text.trim() === "" && !tooLong) return;
    found.lines++;
    if (tooLong || text.length > LINE_CHARS) {
      tooLong = false;
      yield { line, broken: TOO_LONG };
      return;
    }
    let call: unknown;
    try {
      call = JSON.parse(line === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
    } catch {
      yield { line, broken: "it is no JSON" };
      return;
    }
    const mint = () => `line-${line}-${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
    const { events, rejected } = readHistoryCall(call, now, mint);
    for (const event of events) yield { line, event };
    for (const { reason } of rejected) yield { line, broken: reason.replace(/\.$/, "") };
  }
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield* read(text);
    if (rest.length <= LINE_CHARS) continue;
    tooLong = true;
    rest = "";
  }
  if (rest !== "" || tooLong) yield* read(rest);
}
