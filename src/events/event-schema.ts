import { z } from "zod";
import type { Property } from "./event.ts";

const PropertySchema = z
  .strictObject({
    type: z.enum(["number", "text", "boolean"]),
    about: z.string().optional(),
    /** Whether an event without it is refused. */
    required: z.boolean().default(false),
    /** Of a number; both ends belong to it. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** Of a number: whether it must be whole. */
    whole: z.boolean().default(false),
    /** Of a text: all that it may be. */
    oneOf: z.array(z.string()).min(1).max(1_000).optional(),
    /** Of a text: UTF-16 code units. */
    maxChars: z.int().min(1).optional(),
  })
  .superRefine((given, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    const { type, min, max, whole, oneOf, maxChars } = given;
    if (type !== "number") {
      if (min !== undefined) complain("min", "belongs to a number");
      if (max !== undefined) complain("max", "belongs to a number");
      if (whole) complain("whole", "belongs to a number");
    }
    if (type !== "text") {
      if (oneOf !== undefined) complain("oneOf", "belongs to a text");
      if (maxChars !== undefined) complain("maxChars", "belongs to a text");
    }
    if (min !== undefined && max !== undefined && min > max) complain("max", `wanted at least min, ${min}`);
  });

/** What the events of one name carry. Nested properties are named by their dotted path: "cart.total". */
export const EventSchema = z.strictObject({
  about: z.string().optional(),
  properties: z.record(z.string().min(1).max(200), PropertySchema).default({}),
  /** `declared`: a property that is not among them breaks the schema. */
  allow: z.enum(["any", "declared"]).default("any"),
});
export type EventSchema = z.infer<typeof EventSchema>;

/** The section `events` of the user's declarations: schemas by the name of the event ("Order Completed", "$identify"). */
export const EventSchemas = z.record(z.string().min(1).max(200), EventSchema);
export type EventSchemas = z.infer<typeof EventSchemas>;

/**
 * Why the properties break the schema of events of this name, or undefined when they do not, or none is declared.
 * Names properties and what was wanted of them, never what they held.
 */
export type EventCheck = (name: string, properties: Readonly<Record<string, Property>>) => string | undefined;

type Check = (properties: Readonly<Record<string, Property>>) => string | undefined;

/**
 * The check of all declared schemas, or undefined when there are none, so that nothing is asked of anybody.
 * Costs one look-up (about 0.03 µs) for an event without a schema, and 0.01–0.05 µs a declared property.
 */
export function compileEventSchemas(schemas: EventSchemas): EventCheck | undefined {
  const checks = new Map<string, Check>(Object.entries(schemas).map(([name, schema]) => [name, compile(schema)]));
  return checks.size === 0 ? undefined : (name, properties) => checks.get(name)?.(properties);
}

function compile({ properties, allow }: EventSchema): Check {
  const declared = new Set(Object.keys(properties));
  const checks = Object.entries(properties).map(([name, schema]) => compileProperty(name, schema));
  return (given) => {
    for (const check of checks) {
      const reason = check(given);
      if (reason !== undefined) return reason;
    }
    if (allow === "declared")
      for (const name in given) if (!declared.has(name)) return `the property "${name}" is not declared`;
    return undefined;
  };
}

function compileProperty(name: string, schema: z.infer<typeof PropertySchema>): Check {
  const { type, required, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, whole, oneOf } = schema;
  const typeOf = type === "text" ? "string" : type;
  const maxChars = schema.maxChars ?? Number.POSITIVE_INFINITY;
  const allowed = oneOf && new Set(oneOf);
  const wanted = words(schema);
  return (given) => {
    if (!Object.hasOwn(given, name)) return required ? `wanted "${name}" as ${wanted}; found none` : undefined;
    const value = given[name];
    if (typeof value !== typeOf) return `wanted "${name}" as ${wanted}; found ${TYPE_WORDS[typeof value] ?? "none"}`;
    const fits =
      typeof value === "number"
        ? value >= min && value <= max && (!whole || Number.isInteger(value))
        : typeof value === "boolean" || (value.length <= maxChars && (allowed === undefined || allowed.has(value)));
    return fits ? undefined : `wanted "${name}" as ${wanted}; found another`;
  };
}

const TYPE_WORDS: Readonly<Record<string, string>> = { number: "a number", string: "a text", boolean: "true or false" };

function words({ type, min, max, whole, oneOf, maxChars }: z.infer<typeof PropertySchema>): string {
  if (type === "boolean") return "true or false";
  if (type === "text") {
    const among = oneOf && ` (${oneOf.length <= 12 ? oneOf.join(", ") : `one of ${oneOf.length} declared ones`})`;
    return `a text${among ?? ""}${maxChars === undefined ? "" : ` of at most ${maxChars} characters`}`;
  }
  const bounds = [min !== undefined && `at least ${min}`, max !== undefined && `at most ${max}`].filter(Boolean);
  return `a ${whole ? "whole " : ""}number${bounds.length ? ` of ${bounds.join(" and ")}` : ""}`;
}
