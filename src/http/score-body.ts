import { z } from "zod";
import type { Property } from "../events/event.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import { mustBePlain, parseJson, utf8Of } from "./body.ts";
import type { ScoreScanner } from "./scan-score.ts";
import {
  EntityId,
  EventProperties,
  Kind,
  MODEL_NAME_CHARS,
  ModelName,
  PROPERTIES_LIMIT,
  Properties,
} from "./schemas.ts";

const MODELS_LIMIT = 100;
export const REASONS_LIMIT = 100;

/** What a score is asked by. The schema is the contract and words every refusal; see `readScoreBody` for the fast road. */
export const ScoreBody = z.strictObject({
  entity: Kind.optional(),
  id: EntityId.optional(),
  event: z
    .strictObject({ name: z.string().min(1).max(200), properties: EventProperties.optional() })
    .optional()
    .meta({ description: "Something that is happening now: the models about this event judge it" }),
  features: Properties.optional().meta({ description: "Instead of an id: the model's columns, missing ones left out" }),
  models: z.array(ModelName).max(MODELS_LIMIT).optional().meta({ description: "Absent: every champion that fits" }),
  reasons: z.int().min(0).max(REASONS_LIMIT).optional().meta({ description: "How many reasons to tell of each score" }),
  receipt: z.enum(["kept", "none"]).optional(),
});

/**
 * A score request out of parsed JSON: what `ScoreBody` takes, and refused as `ScoreBody` refuses it.
 *
 * Good bodies are the rule, so they are looked through once by hand; whatever that glance does not know well goes the
 * long way through the schema, which alone decides and words the refusal. A test holds the two to the same verdicts.
 *
 * @throws PortraitError BODY_NOT_JSON for what is not plain, ZodError for what does not fit
 */
export function readScoreBody(value: unknown): ScoreRequest {
  if (isPlainRequest(value)) return value;
  mustBePlain(value, "The body");
  return ScoreBody.parse(value);
}

/** A score request out of the bytes of its JSON. @throws as `readScoreBody` */
export type ReadScore = (bytes: Buffer) => ScoreRequest;

/** Straight from the bytes where they are plain, else by way of an object. */
export const createReadScore =
  (scanner: Pick<ScoreScanner, "one">): ReadScore =>
  (bytes) =>
    scanner.one(bytes) ?? readScoreBody(parseJson(utf8Of(bytes)));

/**
 * Whether the schema would take `value` and change nothing about it. Says false of some good bodies too: those with an
 * event, whose properties are flattened, and with nulls, which are left out.
 */
export function isPlainRequest(value: unknown): value is ScoreRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const body = value as Record<string, unknown>;
  for (const key in body) {
    const part = body[key];
    switch (key) {
      case "features":
        if (!arePlainFeatures(part)) return false;
        break;
      case "id":
        if (!isText(part, 200)) return false;
        break;
      case "models":
        if (!Array.isArray(part) || part.length > MODELS_LIMIT) return false;
        for (const name of part) if (!isText(name, MODEL_NAME_CHARS)) return false;
        break;
      case "entity":
        if (part !== "user" && !Kind.safeParse(part).success) return false;
        break;
      case "reasons":
        if (!Number.isInteger(part) || (part as number) < 0 || (part as number) > REASONS_LIMIT) return false;
        break;
      case "receipt":
        if (part !== "kept" && part !== "none") return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

const isText = (part: unknown, most: number): boolean =>
  typeof part === "string" && part.length >= 1 && part.length <= most;

function arePlainFeatures(part: unknown): part is Readonly<Record<string, Property>> {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return false;
  const features = part as Record<string, unknown>;
  let left = PROPERTIES_LIMIT;
  for (const name in features) {
    const one = features[name];
    const plain = typeof one === "number" ? Number.isFinite(one) : typeof one === "string" || typeof one === "boolean";
    if (!plain || --left < 0 || name === "__proto__") return false;
  }
  return true;
}
