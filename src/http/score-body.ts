import { z } from "zod";
import { PortraitError } from "../errors.ts";
import type { Property } from "../events/event.ts";
import { isPrintable } from "../events/flat-properties.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import { type ScoreCall, wantsMore } from "../scoring/score-in-time.ts";
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
/** The longest that a caller may let itself be kept waiting, ms. */
const DEADLINE_LIMIT = 10_000;

const MessageId = z
  .string()
  .min(1)
  .max(100)
  .refine(isPrintable, "wanted printable characters")
  .meta({ description: "As in a track call: the same one counts once" });

/** What a score is asked by. The schema is the contract and words every refusal; see `readScoreBody` for the fast road. */
export const ScoreBody = z
  .strictObject({
    entity: Kind.optional(),
    id: EntityId.optional(),
    event: z
      .strictObject({
        name: z.string().min(1).max(200),
        properties: EventProperties.optional(),
        messageId: MessageId.optional(),
      })
      .optional()
      .meta({ description: "Something that is happening now: the models about this event judge it" }),
    features: Properties.optional().meta({
      description: "Instead of an id: the model's columns, missing ones left out",
    }),
    models: z.array(ModelName).max(MODELS_LIMIT).optional().meta({ description: "Absent: every champion that fits" }),
    reasons: z
      .int()
      .min(0)
      .max(REASONS_LIMIT)
      .optional()
      .meta({ description: "How many reasons to tell of each score" }),
    receipt: z.enum(["kept", "none"]).optional(),
    deadlineMs: z.int().min(1).max(DEADLINE_LIMIT).optional().meta({
      description: "From the arrival of the request to its answer: 504 TOO_LATE, or the fallback, after that",
    }),
    fallback: z
      .strictObject({ probability: z.number().min(0).max(1) })
      .optional()
      .meta({
        description: "What to answer when no score can be had in time; the answer says that it is the fallback",
      }),
    record: z.boolean().optional().meta({
      description: "Whether the event enters the log as well, scored as of just before it. Wants scope track",
    }),
  })
  .superRefine(mayBeRecorded);

/** An event that is recorded is one that a track call would take. */
function mayBeRecorded(
  { record, id, event }: { record?: boolean; id?: string; event?: { name: string; messageId?: string } },
  context: z.RefinementCtx,
): void {
  if (!record) return;
  const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (id === undefined || event === undefined) {
    refuse(["record"], 'wanted an "id" and an "event" to be recorded');
    return;
  }
  if (event.messageId === undefined)
    refuse(["event", "messageId"], "wanted one, so that a call that is sent again records its event once");
  if (event.name.startsWith("$") || !isPrintable(event.name))
    refuse(["event", "name"], 'wanted printable characters, not beginning with "$", for an event that is recorded');
  if (!isPrintable(id)) refuse(["id"], "wanted printable characters for an event that is recorded");
}

/**
 * A score request out of parsed JSON: what `ScoreBody` takes, and refused as `ScoreBody` refuses it.
 *
 * Good bodies are the rule, so they are looked through once by hand; whatever that glance does not know well goes the
 * long way through the schema, which alone decides and words the refusal. A test holds the two to the same verdicts.
 *
 * @throws PortraitError BODY_NOT_JSON for what is not plain, ZodError for what does not fit
 */
export function readScoreBody(value: unknown): ScoreCall {
  if (isPlainRequest(value)) return value;
  mustBePlain(value, "The body");
  return ScoreBody.parse(value);
}

/** A score request out of the bytes of its JSON. @throws as `readScoreBody` */
export type ReadScore = (bytes: Buffer) => ScoreCall;

/** One of many requests: what a single call may want more is refused here, not left undone. @throws INPUT_INVALID */
export function oneOfMany(call: ScoreCall): ScoreRequest {
  if (!wantsMore(call)) return call;
  throw new PortraitError(
    "INPUT_INVALID",
    'Wanted no "deadlineMs", "fallback" or "record" in a batch: they belong to POST /v1/score, one call at a time.',
  );
}

/** Straight from the bytes where they are plain, else by way of an object. */
export const createReadScore =
  (scanner: Pick<ScoreScanner, "one">): ReadScore =>
  (bytes) =>
    scanner.one(bytes) ?? readScoreBody(parseJson(utf8Of(bytes)));

/**
 * Whether the schema would take `value` and change nothing about it. Says false of some good bodies too: those with an
 * event, whose properties are flattened, with nulls, which are left out, and those that want more than a score.
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
