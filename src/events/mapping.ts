import { z } from "zod";
import { PortraitError } from "../errors.ts";

/** How a moment is written in the file. Always UTC: a history from another zone is shifted before it is ingested. */
export const TIME_FORMATS = ["iso", "yyyymmdd", "dd/mm/yyyy", "mm/dd/yyyy", "unix-seconds", "unix-ms"] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

const Column = z.string().min(1);
const Moment = z.strictObject({
  column: Column,
  format: z.enum(TIME_FORMATS).default("iso"),
  /** So many days after what the column says: for what is known to come later, as a chargeback after the payment. */
  daysLater: z.number().min(0).max(400).default(0),
});

/** A condition on one column's text. */
const Test = z
  .strictObject({
    column: Column,
    empty: z.boolean().optional(),
    equals: z.string().optional(),
    startsWith: z.string().min(1).optional(),
  })
  .refine((test) => [test.empty, test.equals, test.startsWith].filter((one) => one !== undefined).length === 1, {
    message: "wanted exactly one of empty, equals, startsWith",
  });
export type ColumnTest = z.infer<typeof Test>;

const Scale = { scale: z.number().default(1), absolute: z.boolean().default(false) };

/**
 * One property of the event. Without `group` every event has one line, and `column` is all that is needed;
 * with it, `sum`, `lines` and `distinct` gather the lines.
 */
const PropertyRule = z.union(
  [
    z.strictObject({ column: Column, type: z.enum(["text", "number", "boolean"]).default("text"), ...Scale }),
    z.strictObject({
      sum: z.array(Column).min(1).describe("Σ over the lines of the product of these columns"),
      ...Scale,
    }),
    z.strictObject({ count: z.literal("lines") }),
    z.strictObject({ distinct: Column }),
  ],
  {
    error:
      'wanted { "column": …, "type": "text", "number" or "boolean" }, { "sum": […] }, { "count": "lines" } or { "distinct": … }, the first two with "scale" and "absolute" if need be',
  },
);
export type PropertyRule = z.infer<typeof PropertyRule>;

/** How the columns of a file become events. Plain JSON, so that a history is brought in without code. */
export const Mapping = z.strictObject({
  about: z.string().optional(),
  file: z
    .strictObject({
      /** "blanks" = any run of blanks, as in fixed-width files. */
      delimiter: z.enum([",", ";", "\t", "|", "blanks"]).default(","),
      /** true = the first line names the columns; false = it is data and `columns` names them. */
      header: z.boolean().default(true),
      columns: z.array(Column).min(1).optional(),
    })
    .prefault({}),
  entity: z.strictObject({
    kind: z
      .string()
      .regex(/^[a-z][a-z0-9_-]*$/, "wanted small letters, digits, - and _")
      .default("user"),
    id: Column,
  }),
  /** One name for all, the text of a column, or the first rule that fits. */
  event: z.union(
    [
      z.string().min(1),
      z.strictObject({ column: Column }),
      z.strictObject({
        rules: z.array(z.strictObject({ when: Test, is: z.string().min(1) })).min(1),
        else: z.string().min(1),
      }),
    ],
    { error: 'wanted a name, { "column": … } or { "rules": [{ "when": …, "is": … }], "else": … }' },
  ),
  time: Moment,
  /** When it became known; absent = when it happened, as befits a history. */
  known: Moment.optional(),
  /** Columns that name the event; absent = a digest of the line and its number. Either way a second ingest adds nothing. */
  messageId: z.array(Column).min(1).optional(),
  properties: z.record(z.string().min(1).max(200), PropertyRule).default({}),
  /** Lines with the same values in these columns, standing near each other, are one event. */
  group: z.array(Column).min(1).optional(),
  /** Lines that are no events, with the reason for the summary. */
  skip: z.array(Test.safeExtend({ because: z.string().min(1) })).default([]),
});
export type Mapping = z.infer<typeof Mapping>;

/** @throws PortraitError MAPPING_INVALID with every complaint at once */
export function readMapping(text: string, source: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(`The mapping ${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = Mapping.safeParse(json);
  if (!read.success) throw invalid(`The mapping ${source} does not hold together:\n${z.prettifyError(read.error)}`);
  const mapping = read.data;
  if (!mapping.file.header && !mapping.file.columns)
    throw invalid(`The mapping ${source} says that there is no header: wanted file.columns to name the columns.`);
  if (!mapping.group)
    for (const [name, rule] of Object.entries(mapping.properties))
      if (!("column" in rule) && !("sum" in rule))
        throw invalid(
          `The property "${name}" in ${source} gathers lines: wanted "group" to say which lines belong together.`,
        );
  return mapping;
}

/** Every column that a mapping names. */
export function columnsOf(mapping: Mapping): string[] {
  const { entity, event, time, known, messageId, properties, group, skip } = mapping;
  const named = [entity.id, time.column, known?.column, ...(messageId ?? []), ...(group ?? [])];
  if (typeof event !== "string")
    named.push(...("column" in event ? [event.column] : event.rules.map((rule) => rule.when.column)));
  named.push(...skip.map((test) => test.column));
  for (const rule of Object.values(properties)) {
    if ("column" in rule) named.push(rule.column);
    else if ("sum" in rule) named.push(...rule.sum);
    else if ("distinct" in rule) named.push(rule.distinct);
  }
  return [...new Set(named.filter((column) => column !== undefined))];
}

const invalid = (message: string) => new PortraitError("MAPPING_INVALID", message);
