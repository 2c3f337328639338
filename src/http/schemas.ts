import { z } from "zod";
import type { Property } from "../events/event.ts";
import { flatProperties, PropertyRefusal } from "../events/flat-properties.ts";

/** The schemas that several routes share. They validate, they are the types, and OpenAPI shows them. */

const isProperty = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** At most this many features or properties in one request. */
export const PROPERTIES_LIMIT = 1_000;

/**
 * Texts, numbers and booleans by name; what is null is as if it were not there. Checked by hand: this is the hot path,
 * and zod's record costs several microseconds.
 */
export const Properties = z
  .custom<Readonly<Record<string, Property | null>>>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).length <= PROPERTIES_LIMIT &&
      Object.values(value).every((one) => one === null || isProperty(one)),
    { error: `wanted at most ${PROPERTIES_LIMIT} names, each with a text, a number, true, false or null` },
  )
  .transform(withoutNulls)
  .meta({
    type: "object",
    additionalProperties: { type: ["string", "number", "boolean", "null"] },
    description: "Texts, numbers and booleans by name. null is as if it were not there.",
  });

function withoutNulls(given: Readonly<Record<string, Property | null>>): Readonly<Record<string, Property>> {
  for (const name in given) {
    if (given[name] === null) {
      return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Record<
        string,
        Property
      >;
    }
  }
  return given as Record<string, Property>;
}

/** Properties of an event, flattened just as the log keeps them, so that a field in flight is the field that trained. */
export const EventProperties = z
  .unknown()
  .transform((given, context): Readonly<Record<string, Property>> => {
    try {
      return flatProperties(given);
    } catch (error) {
      if (!(error instanceof PropertyRefusal)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  })
  .meta({
    type: "object",
    additionalProperties: true,
    description: "Properties as in a track call; nested ones become dotted names",
  });

export const Kind = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, "wanted a kind in small letters, such as user or company")
  .meta({ description: "The kind of entity", examples: ["user"] });
export const EntityId = z.string().min(1).max(200).meta({ description: "The entity's id, as its events carry it" });
export const MODEL_NAME_CHARS = 63;
export const ModelName = z.string().min(1).max(MODEL_NAME_CHARS);
export const VersionName = z.string().min(1).max(200);
export const Moment = z.iso.datetime({ offset: true });

export const Entity = z.object({ kind: z.string(), id: z.string() });
export const MetricsBySource = z
  .record(z.string(), z.record(z.string(), z.number().nullable()))
  .meta({ description: "On the test rows: this version, the constant, and what else stood beside it" });
