import { createHash } from "node:crypto";
import { PortraitError } from "../errors.ts";
import type { Record as Line } from "./delimited.ts";
import type { Event, Property } from "./event.ts";
import { isPrintable, isWellFormed, LIMITS } from "./flat-properties.ts";
import { type ColumnTest, columnsOf, type Mapping, type PropertyRule, type TimeFormat } from "./mapping.ts";
import { parseIso } from "./segment-call.ts";

/** What became of the lines so far. */
export type Mapped =
  | { readonly line: number; readonly event: Event }
  | { readonly line: number; readonly broken: string }
  | { readonly line: number; readonly skipped: string };

const DAY_MS = 86_400_000;

export interface RowMapper {
  /** Takes the next line. An event of several lines comes with the first line after it. */
  push(line: Line): Mapped[];
  /** What was still being gathered. */
  end(): Mapped[];
}

class Unfit extends Error {}

/** Events that gather lines at a time: the lines of one may stand among those of others, but not far off. */
const OPEN_GROUPS = 64;

/**
 * Lines → events, by a mapping. Pure: the same file gives the same events with the same ids.
 *
 * @param header the columns in the order of the file
 * @param now no event happens or is known later than this, ms
 * @throws PortraitError COLUMN_UNKNOWN naming the columns that the file has
 */
export function createRowMapper(mapping: Mapping, header: readonly string[], now: number): RowMapper {
  const place = new Map(header.map((name, i) => [name.trim(), i]));
  const missing = columnsOf(mapping).filter((column) => !place.has(column));
  if (missing.length > 0) {
    const quoted = (names: readonly string[]) => names.map((name) => `"${name.trim()}"`).join(", ");
    throw new PortraitError(
      "COLUMN_UNKNOWN",
      `The mapping wants ${missing.length === 1 ? "a column" : "columns"} ${quoted(missing)}; ` +
        `the file has ${quoted(header)}. Correct the mapping, or its delimiter and header.`,
      { missing, columns: [...header] },
    );
  }
  const cell = (fields: readonly string[], column: string): string => (fields[place.get(column) ?? -1] ?? "").trim();
  const finished = new Set<string>();
  const open = new Map<string, Line[]>(); // oldest first

  function passes({ fields }: Line, test: ColumnTest): boolean {
    const text = cell(fields, test.column);
    if (test.empty !== undefined) return (text === "") === test.empty;
    if (test.equals !== undefined) return text === test.equals;
    return text.startsWith(test.startsWith ?? "");
  }

  function moment(fields: readonly string[], { column, format, daysLater }: Mapping["time"]): number {
    const ms = parseMoment(cell(fields, column), format) + daysLater * DAY_MS;
    if (!(ms >= 0)) throw new Unfit(`column "${column}" holds no moment of the form ${format}`);
    return Math.min(ms, now);
  }

  function eventOf(lines: readonly Line[]): Mapped {
    const [{ line, fields }] = lines;
    try {
      const id = cell(fields, mapping.entity.id);
      if (id === "") throw new Unfit(`column "${mapping.entity.id}" is empty, so nobody did it`);
      if (id.length > 200 || !isPrintable(id))
        throw new Unfit(`column "${mapping.entity.id}" holds no id of 1 to 200 printable characters`);
      const at = moment(fields, mapping.time);
      const known = mapping.known ? Math.max(at, moment(fields, mapping.known)) : at;
      const properties: Record<string, Property> = {};
      for (const [name, rule] of Object.entries(mapping.properties)) {
        const value = gather(rule, lines, cell);
        if (value !== undefined) properties[name] = value;
      }
      const event: Event = {
        id: mapping.messageId ? joined(mapping.messageId.map((column) => cell(fields, column))) : lineDigest(lines),
        name: nameOf(lines[0]),
        entity: { kind: mapping.entity.kind, id },
        at,
        known,
        properties,
      };
      return { line, event };
    } catch (error) {
      if (error instanceof Unfit) return { line, broken: error.message };
      throw error;
    }
  }

  function nameOf(line: Line): string {
    const { event } = mapping;
    const name =
      typeof event === "string"
        ? event
        : "column" in event
          ? cell(line.fields, event.column)
          : (event.rules.find((rule) => passes(line, rule.when))?.is ?? event.else);
    if (name === "" || name.length > 200 || !isPrintable(name))
      throw new Unfit("the event has no name of 1 to 200 printable characters");
    return name;
  }

  function close(key: string, lines: readonly Line[]): Mapped {
    open.delete(key);
    finished.add(key);
    return eventOf(lines);
  }

  return {
    push(line) {
      if (line.broken) return [{ line: line.line, broken: line.broken }];
      if (line.fields.length !== header.length) {
        return [{ line: line.line, broken: `wanted ${header.length} fields, found ${line.fields.length}` }];
      }
      const skip = mapping.skip.find((test) => passes(line, test));
      if (skip) return [{ line: line.line, skipped: skip.because }];
      if (!mapping.group) return [eventOf([line])];
      const key = mapping.group.map((column) => cell(line.fields, column)).join("\u0000");
      const there = open.get(key);
      if (there) {
        there.push(line);
        return [];
      }
      if (finished.has(key)) {
        const what = mapping.group.join("+");
        return [{ line: line.line, broken: `the lines of one ${what} stand too far apart; sort the file by it` }];
      }
      open.set(key, [line]);
      const [oldest] = open;
      return open.size > OPEN_GROUPS ? [close(...oldest)] : [];
    },
    end: () => [...open].map(([key, lines]) => close(key, lines)),
  };
}

function gather(
  rule: PropertyRule,
  lines: readonly Line[],
  cell: (fields: readonly string[], column: string) => string,
): Property | undefined {
  if ("count" in rule) return lines.length;
  if ("distinct" in rule) return new Set(lines.map(({ fields }) => cell(fields, rule.distinct))).size;
  if ("sum" in rule) {
    let sum = 0;
    for (const { fields } of lines) {
      let product = 1;
      for (const column of rule.sum) product *= numberIn(cell(fields, column), column);
      sum += product;
    }
    return scaled(sum, rule);
  }
  const text = cell(lines[0].fields, rule.column);
  if (text === "") return undefined;
  if (rule.type === "number") return scaled(numberIn(text, rule.column), rule);
  if (rule.type === "boolean") {
    const known = BOOLEANS.get(text.toLowerCase());
    if (known === undefined) throw new Unfit(`column "${rule.column}" is neither yes nor no`);
    return known;
  }
  if (text.length > LIMITS.textChars || !isWellFormed(text))
    throw new Unfit(`column "${rule.column}" is too long or no text`);
  return text;
}

const BOOLEANS = new Map([
  ...["true", "yes", "y", "1", "t"].map((text): [string, boolean] => [text, true]),
  ...["false", "no", "n", "0", "f"].map((text): [string, boolean] => [text, false]),
]);

/** Beyond this a double has no millionths to round. */
const COARSE = 2 ** 53 / 1e6;

/** Rounded to a millionth, so that a sum of prices is the number one would write down. */
const scaled = (value: number, { scale, absolute }: { scale: number; absolute: boolean }): number => {
  const exact = (absolute ? Math.abs(value) : value) * scale;
  if (!Number.isFinite(exact)) throw new Unfit("a number is too great to be kept");
  const rounded = Math.abs(exact) < COARSE ? Math.round(exact * 1e6) / 1e6 : exact;
  return rounded === 0 ? 0 : rounded;
};

function numberIn(text: string, column: string): number {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new Unfit(`column "${column}" holds no number`);
  return value;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 22);

/** The values themselves where they fit into a message id, else their digest. */
function joined(values: readonly string[]): string {
  const text = values.join(":");
  if (text.replaceAll(":", "") === "") throw new Unfit("the columns of the message id are empty");
  return text.length <= 100 ? text : digest(text);
}

const lineDigest = (lines: readonly Line[]): string =>
  `line-${lines[0].line}-${digest(lines.map(({ fields }) => fields.join("\u001f")).join("\u001e"))}`;

/** ms since 1970 UTC of a text in the given form; NaN when it is none. */
export function parseMoment(text: string, format: TimeFormat): number {
  switch (format) {
    case "iso":
      return parseIso(text);
    case "yyyymmdd":
      return /^\d{8}$/.test(text) ? day(text.slice(0, 4), text.slice(4, 6), text.slice(6)) : Number.NaN;
    case "unix-seconds":
      return /^\d{1,11}(\.\d+)?$/.test(text) ? Math.floor(Number(text) * 1_000) : Number.NaN;
    case "unix-ms":
      return /^\d{1,14}$/.test(text) ? Number(text) : Number.NaN;
    default: {
      const match = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?)?$/.exec(text);
      if (!match) return Number.NaN;
      const [, one, two, year, hour = "0", minute = "0", second = "0"] = match;
      const start = format === "dd/mm/yyyy" ? day(year, two, one) : day(year, one, two);
      return start + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000;
    }
  }
}

/** The start of a day that exists. */
function day(year: string, month: string, date: string): number {
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(date));
  return new Date(ms).getUTCMonth() === Number(month) - 1 ? ms : Number.NaN;
}
