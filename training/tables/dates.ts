import type { Column } from "../../models/model.ts";

/** The ways of writing a date that are understood, each with or without a time of day. `iso` also takes a zone. */
export const DATE_FORMATS = ["iso", "dd.mm.yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "yyyymmdd", "dd-mon-yyyy"] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

export const DAYS = "days since 1970-01-01";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/** A date becomes days, and the parts of the calendar in which people's habits show. */
export type DatePart = "days" | "month" | "weekday" | "hour";

/** The model column that one part of a date column makes: `signup` (days), `signup.month`, `signup.weekday`, `signup.hour`. */
export function dateColumn(source: string, format: DateFormat, part: DatePart): Column {
  const from = `${source} (a date, ${format})`;
  if (part === "days") return { name: source, type: "number", unit: DAYS, about: from };
  const categories = { month: MONTHS, weekday: WEEKDAYS, hour: HOURS }[part];
  return { name: `${source}.${part}`, type: "category", categories, about: `${part} of ${from}` };
}

/** What a model column made by `dateColumn` was made from; undefined for every other column. */
export function dateSource(
  column: Column,
): { readonly source: string; readonly format: DateFormat; readonly part: DatePart } | undefined {
  const found = /^(?:(month|weekday|hour) of )?(.*) \(a date, (\S+)\)$/s.exec(column.about ?? "");
  const format = DATE_FORMATS.find((known) => known === found?.[3]);
  if (!found || !format) return undefined;
  return { source: found[2], format, part: (found[1] as DatePart | undefined) ?? "days" };
}

const withTime = (day: string) => [day, `${day} %H:%M`, `${day} %H:%M:%S`];
const PATTERNS: Record<Exclude<DateFormat, "iso">, readonly string[]> = {
  "dd.mm.yyyy": withTime("%d.%m.%Y"),
  "dd/mm/yyyy": [...withTime("%d/%m/%Y"), ...withTime("%d-%m-%Y")],
  "mm/dd/yyyy": [...withTime("%m/%d/%Y"), ...withTime("%m-%d-%Y")],
  yyyymmdd: ["%Y%m%d"],
  "dd-mon-yyyy": [...withTime("%d-%b-%Y"), ...withTime("%d %b %Y")],
};

/** A text as a timestamp (UTC where a zone is given), NULL where it is none. */
export function timestampSql(text: string, format: DateFormat): string {
  if (format === "iso")
    return `CASE WHEN regexp_matches(${text}, '^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}') THEN try_cast(${text} AS TIMESTAMP) END`;
  const patterns = `[${PATTERNS[format].map((pattern) => `'${pattern}'`).join(", ")}]`;
  if (format === "yyyymmdd")
    return `CASE WHEN regexp_full_match(${text}, '(19|20)[0-9]{6}') THEN try_strptime(${text}, ${patterns}) END`;
  return `try_strptime(${text}, ${patterns})`;
}

/** One part of a timestamp as the number that the column holds: days, or the place in its categories. */
export function datePartSql(timestamp: string, part: DatePart): string {
  switch (part) {
    case "days":
      return `(epoch_ms(${timestamp}) / 86400000.0)`;
    case "month":
      return `(month(${timestamp}) - 1)`;
    case "weekday":
      return `(isodow(${timestamp}) - 1)`;
    case "hour":
      return `hour(${timestamp})`;
  }
}
