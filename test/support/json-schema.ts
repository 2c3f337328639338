import fc from "fast-check";

/** As much of JSON Schema as our OpenAPI document speaks. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

const often = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 14, arbitrary: good }, { weight: 1, arbitrary: bad });

/** What people send by mistake, and what they send on purpose. */
export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    0,
    -0,
    -1,
    2 ** 53,
    1e308,
    true,
    [],
    {},
    "__proto__",
    "constructor",
    "\u0000",
    "\ud800",
    "../../etc/passwd",
    "%00",
    "{p0}",
    "a:b",
    "é".repeat(300),
    "2026-13-45T99:99:99Z",
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom({ constructor: { prototype: { polluted: 1 } } }, { toString: 1 }, { length: -1 }, [[[[[]]]]]),
);

/** Values that fit a schema mostly, and not quite now and then, at every place. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  return often(fitting(schema), nasty);
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(valuesOf));
  if (schema.allOf) return valuesOf(Object.assign({}, ...schema.allOf));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (types.length > 1) return fc.oneof(...types.map((type) => fitting({ ...schema, type })));
  switch (types[0]) {
    case "object":
      return objects(schema);
    case "array":
      return fc.array(schema.items ? valuesOf(schema.items) : nasty, { maxLength: Math.min(6, schema.maxItems ?? 6) });
    case "string":
      return texts(schema);
    case "integer":
      return fc.integer({ min: bound(schema.minimum, -1_000), max: bound(schema.maximum, 1_000) });
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return nasty;
  }
}

const bound = (given: number | undefined, otherwise: number) =>
  given === undefined || Math.abs(given) > 2 ** 31 ? otherwise : given;

function objects(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const known = Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, valuesOf(shape)]));
  const free =
    additionalProperties === true ? nasty : additionalProperties ? valuesOf(additionalProperties) : undefined;
  const names = fc.oneof(fc.constantFrom("age", "revenue", "a.b", "constructor", "__proto__"), fc.string());
  const kept = fc.record(known, { requiredKeys: required.filter((name) => name in known && name.length > 0) });
  if (free === undefined) return kept;
  return fc.tuple(kept, fc.dictionary(names, free, { maxKeys: 5 })).map(([one, other]) => ({ ...other, ...one }));
}

function texts({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<unknown> {
  if (format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const known = fc.constantFrom("user", "u1", "purchase", "fraud", "bank", "v1", "Order Completed", "segments");
  if (pattern !== undefined) {
    try {
      return fc.oneof(fc.stringMatching(new RegExp(pattern)), known);
    } catch {
      return known; // a pattern that the generator cannot read
    }
  }
  return fc.oneof(known, fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) }));
}
