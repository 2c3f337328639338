import { PortraitError } from "../errors.ts";
import { type EntityRef, EVENT_NAMES, type Event, type Property } from "./event.ts";
import { flatProperties, isPrintable, PropertyRefusal } from "./flat-properties.ts";

/** The calls of the Segment HTTP API, so that its SDKs work unchanged. */
export const CALL_TYPES = ["track", "identify", "page", "screen", "group", "alias"] as const;
export type CallType = (typeof CALL_TYPES)[number];

export const isCallType = (type: unknown): type is CallType => CALL_TYPES.includes(type as CallType);

export interface RejectedCall {
  /** The place of the item in its batch. */
  readonly index: number;
  /** What is wrong with it: the field, or TYPE_UNKNOWN, NOT_AN_OBJECT. Stable, for programs. */
  readonly code: RejectionCode;
  /** What was wanted, what was found and what to do. Names fields and keys, never their values. */
  readonly reason: string;
}

export type RejectionCode =
  | "NOT_AN_OBJECT"
  | "TYPE_UNKNOWN"
  | "USER_MISSING"
  | "ID_INVALID"
  | "MESSAGE_ID_INVALID"
  | "NAME_INVALID"
  | "TIME_INVALID"
  | "PROPERTIES_INVALID";

export interface ReadCalls {
  readonly events: Event[];
  readonly rejected: RejectedCall[];
}

const ID_CHARS = 200;
const MESSAGE_ID_CHARS = 100;
const NAME_CHARS = 200;
/** A client whose clock differs from ours by less is believed: the difference is the way of the request. */
const SKEW_TOLERANCE_MS = 5_000;

class Refusal extends Error {
  readonly code: RejectionCode;
  constructor(code: RejectionCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

/**
 * Reads the body of `POST /v1/batch`: `{ batch: [{ type, … }], sentAt? }`. Good items are taken, each bad one is
 * answered by its index.
 *
 * @param receivedAt ms; no event happens later than this
 * @param mintId gives the message id of an item that has none; such an item is promised no deduplication
 * @throws PortraitError INPUT_INVALID when the body is no batch
 */
export function readBatch(body: unknown, receivedAt: number, mintId: () => string): ReadCalls {
  if (!isObject(body) || !Array.isArray(body.batch)) {
    throw new PortraitError(
      "INPUT_INVALID",
      'Wanted { "batch": [{ "type": "track", … }, …] }, found no array under "batch".',
    );
  }
  return readCalls(body.batch, body.sentAt, receivedAt, mintId);
}

/** Reads the body of a single call (`POST /v1/track` and its like); `rejected` then holds index 0 or nothing. */
export function readSingle(type: CallType, body: unknown, receivedAt: number, mintId: () => string): ReadCalls {
  return readCalls([isObject(body) ? { ...body, type } : body], undefined, receivedAt, mintId);
}

/**
 * Reads one call of a history: it became known when it says that it was received, else when it happened.
 * Its `sentAt` is compared with `receivedAt` only, never with today.
 */
export function readHistoryCall(call: unknown, now: number, mintId: () => string): ReadCalls {
  if (!isObject(call)) return readCalls([call], undefined, now, mintId);
  const received = readable(call.receivedAt);
  if (received !== undefined) return readCalls([call], undefined, Math.min(received, now), mintId);
  const { sentAt: _sentAt, originalTimestamp, timestamp = originalTimestamp, ...rest } = call;
  const { events, rejected } = readCalls([{ ...rest, timestamp }], undefined, now, mintId);
  return { events: events.map((event) => ({ ...event, known: event.at })), rejected };
}

function readable(moment: unknown): number | undefined {
  try {
    return readMoment(moment, "receivedAt");
  } catch {
    return undefined;
  }
}

function readCalls(
  items: readonly unknown[],
  batchSentAt: unknown,
  receivedAt: number,
  mintId: () => string,
): ReadCalls {
  const events: Event[] = [];
  const rejected: RejectedCall[] = [];
  for (let index = 0; index < items.length; index++) {
    try {
      readCall(items[index], batchSentAt, receivedAt, mintId, events);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      rejected.push({ index, code: error.code, reason: error.message });
    }
  }
  return { events, rejected };
}

/**
 * One call → its events: one, or two for `group`, which touches the user and the company.
 *
 * | call | entity | event | properties |
 * |---|---|---|---|
 * | track | user | its own name | `properties` |
 * | identify | user | `$identify` | `traits` |
 * | page, screen | user | `$page`, `$screen` | `properties`, `name`, `category` |
 * | group | user | `$group` | `group_id` |
 * | | company `groupId` | `$identify` | `traits` |
 * | alias | user | `$alias` | `previous_id` |
 *
 * The user is `userId`, or `anonymousId` when nobody is signed in. `context` and `integrations` are not kept.
 */
function readCall(call: unknown, batchSentAt: unknown, receivedAt: number, mintId: () => string, into: Event[]): void {
  if (!isObject(call)) throw new Refusal("NOT_AN_OBJECT", "Wanted an object, found something else.");
  const { type } = call;
  if (!isCallType(type)) throw new Refusal("TYPE_UNKNOWN", `Wanted "type" to be one of ${CALL_TYPES.join(", ")}.`);
  const user = readId(call.userId ?? call.anonymousId, "userId");
  if (user === undefined) throw new Refusal("USER_MISSING", 'Wanted "userId" or "anonymousId", found neither.');
  const id = readMessageId(call.messageId) ?? mintId();
  const at = Math.min(readTime(call, batchSentAt, receivedAt), receivedAt);
  const entity = { kind: "user", id: user };
  // written out, because spreading a common part costs more than all the rest of a call
  const add = (name: string, entity: EntityRef, properties: Event["properties"]) =>
    into.push({ id, name, entity, at, known: receivedAt, properties });

  switch (type) {
    case "track":
      add(readName(call.event), entity, read(call.properties));
      return;
    case "identify":
      add(EVENT_NAMES.identify, entity, read(call.traits));
      return;
    case "page":
    case "screen": {
      const properties = read(call.properties);
      for (const field of ["name", "category"] as const) {
        const value = call[field];
        if (typeof value === "string" && !Object.hasOwn(properties, field))
          properties[field] = value.slice(0, NAME_CHARS);
      }
      add(EVENT_NAMES[type], entity, properties);
      return;
    }
    case "group": {
      const company = readId(call.groupId, "groupId");
      if (company === undefined) throw new Refusal("ID_INVALID", 'Wanted "groupId", found none.');
      const traits = read(call.traits);
      add(EVENT_NAMES.group, entity, { group_id: company });
      add(EVENT_NAMES.identify, { kind: "company", id: company }, traits);
      return;
    }
    case "alias": {
      const previous = readId(call.previousId, "previousId");
      if (previous === undefined) throw new Refusal("ID_INVALID", 'Wanted "previousId", found none.');
      add(EVENT_NAMES.alias, entity, { previous_id: previous });
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Numbers are taken as ids too, because many clients send them so. */
function readId(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string" || text.length > ID_CHARS || !isPrintable(text)) {
    throw new Refusal(
      "ID_INVALID",
      `Wanted "${field}" as a text of 1 to ${ID_CHARS} printable characters; ${found(value)}.`,
    );
  }
  return text;
}

function readMessageId(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || value.length > MESSAGE_ID_CHARS || !isPrintable(value)) {
    throw new Refusal(
      "MESSAGE_ID_INVALID",
      `Wanted "messageId" as a text of 1 to ${MESSAGE_ID_CHARS} printable characters; ${found(value)}. Leave it out to have one minted.`,
    );
  }
  return value;
}

function readName(value: unknown): string {
  if (typeof value !== "string" || value.length === 0 || value.length > NAME_CHARS || !isPrintable(value)) {
    throw new Refusal("NAME_INVALID", `Wanted "event" as a text of 1 to ${NAME_CHARS} characters; ${found(value)}.`);
  }
  if (value.startsWith("$")) {
    throw new Refusal("NAME_INVALID", 'Names that start with "$" are our own. Choose another.');
  }
  return value;
}

function read(given: unknown): Record<string, Property> {
  try {
    return flatProperties(given);
  } catch (error) {
    if (error instanceof PropertyRefusal) {
      throw new Refusal("PROPERTIES_INVALID", `The properties or traits do not fit: ${error.message}.`);
    }
    throw error;
  }
}

/**
 * When it happened by our clock. `originalTimestamp` (else `timestamp`) and `sentAt` come from one clock, the
 * client's, so their difference is right even where that clock is wrong: at = receivedAt − (sentAt − original).
 * Without `sentAt`, or when it is about right, the moment is taken as given; without any moment it is now.
 */
function readTime(call: Record<string, unknown>, batchSentAt: unknown, receivedAt: number): number {
  const given = readMoment(call.originalTimestamp ?? call.timestamp, "timestamp");
  if (given === undefined) return receivedAt;
  const sent = readMoment(call.sentAt ?? batchSentAt, "sentAt");
  const skew = sent === undefined ? 0 : receivedAt - sent;
  return Math.max(0, Math.abs(skew) > SKEW_TOLERANCE_MS ? given + skew : given);
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/** ISO 8601 (UTC unless it says otherwise), or milliseconds since 1970. */
function readMoment(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === "string" ? parseIso(value) : typeof value === "number" ? value : Number.NaN;
  // numbers below 1e11 would be moments before 1973: seconds mistaken for milliseconds
  if (!(ms >= 0) || ms > 8.64e15 || (typeof value === "number" && ms < 1e11)) {
    throw new Refusal(
      "TIME_INVALID",
      `Wanted "${field}" as ISO 8601 (2026-03-01T12:00:00Z) or milliseconds since 1970; ${found(value)}.`,
    );
  }
  return Math.floor(ms);
}

/** ms of an ISO 8601 text, NaN when it is none. No zone means UTC: the machine's own zone never decides. */
export function parseIso(text: string): number {
  if (text.length === 24 && text.endsWith("Z") && text[10] === "T" && text[4] === "-") return Date.parse(text); // what every client sends
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const [, day, time = "00:00:00", zone = "Z"] = match;
  const sixty = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return Date.parse(`${day}T${time.replace(",", ".")}${sixty}`);
}

const found = (value: unknown): string =>
  value === undefined || value === null
    ? "found none"
    : typeof value === "string"
      ? `found a text of ${value.length} characters that does not fit`
      : `found ${Array.isArray(value) ? "an array" : `a ${typeof value}`}`;
