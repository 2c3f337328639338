import { PortraitError } from "../errors.ts";
import { type EntityRef, EVENT_NAMES, type Event, type Property } from "./event.ts";
import type { EventCheck } from "./event-schema.ts";
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
  | "PROPERTIES_INVALID"
  | "SCHEMA_BROKEN";

/** A well-formed event that breaks its declared schema: refused now, kept so that it can be replayed. */
export interface UnfitEvent {
  readonly event: Event;
  readonly reason: string;
}

export interface ReadCalls {
  readonly events: Event[];
  readonly rejected: RejectedCall[];
  /** The events of those calls among the rejected whose code is SCHEMA_BROKEN. */
  readonly unfit: UnfitEvent[];
}

/** Calls that one batch may hold, as in Segment's API. */
export const BATCH_CALLS = 2_500;

const ID_CHARS = 200;
const MESSAGE_ID_CHARS = 100;
const NAME_CHARS = 200;
/**
 * A client whose clock differs from ours by less is believed: the difference is the way of the request, or a client
 * that sends again, after the pause that we asked for, with the old `sentAt`. The finest window counts in five minutes.
 */
const SKEW_TOLERANCE_MS = 60_000;

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
 * @param check what is declared of events, if anything is
 * @throws PortraitError INPUT_INVALID when the body is no batch, or one of more than BATCH_CALLS
 */
export function readBatch(body: unknown, receivedAt: number, mintId: () => string, check?: EventCheck): ReadCalls {
  if (!isObject(body) || !Array.isArray(body.batch)) {
    throw new PortraitError(
      "INPUT_INVALID",
      'Wanted { "batch": [{ "type": "track", … }, …] }, found no array under "batch".',
    );
  }
  const { batch } = body;
  if (batch.length > BATCH_CALLS) {
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted at most ${BATCH_CALLS} calls in a batch, found ${batch.length}. Send them in parts.`,
      { calls: batch.length, limit: BATCH_CALLS },
    );
  }
  return readCalls(batch, body.sentAt, receivedAt, mintId, check);
}

/** Reads the body of a single call (`POST /v1/track` and its like); `rejected` then holds index 0 or nothing. */
export function readSingle(
  type: CallType,
  body: unknown,
  receivedAt: number,
  mintId: () => string,
  check?: EventCheck,
): ReadCalls {
  return readCalls([isObject(body) ? { ...body, type } : body], undefined, receivedAt, mintId, check);
}

/**
 * Reads one call of a history: it became known when it says that it was received, else when it happened.
 * Its `sentAt` is compared with `receivedAt` only, never with today.
 */
export function readHistoryCall(call: unknown, now: number, mintId: () => string, check?: EventCheck): ReadCalls {
  if (!isObject(call)) return readCalls([call], undefined, now, mintId, check);
  const received = readable(call.receivedAt);
  const { sentAt: _sentAt, originalTimestamp, timestamp = originalTimestamp, ...rest } = call;
  if (received !== undefined) {
    // an export of a server that has corrected `timestamp` already keeps the client's own beside it
    const corrected = call.timestamp !== undefined && originalTimestamp !== undefined;
    return readCalls([corrected ? { ...rest, timestamp } : call], undefined, Math.min(received, now), mintId, check);
  }
  const { events, rejected, unfit } = readCalls([{ ...rest, timestamp }], undefined, now, mintId, check);
  return { events: events.map((event) => ({ ...event, known: event.at })), rejected, unfit };
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
  check: EventCheck | undefined,
): ReadCalls {
  const events: Event[] = [];
  const rejected: RejectedCall[] = [];
  const unfit: UnfitEvent[] = [];
  const sentAt = onceRead(batchSentAt);
  for (let index = 0; index < items.length; index++) {
    const before = events.length;
    try {
      readCall(items[index], sentAt, receivedAt, mintId, events);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      rejected.push({ index, code: error.code, reason: error.message });
      continue;
    }
    const broken = check && firstBroken(events, before, check);
    if (broken === undefined) continue;
    // a call is taken or refused whole: `group` makes two events
    rejected.push({ index, code: "SCHEMA_BROKEN", reason: broken });
    for (const event of events.splice(before)) unfit.push({ event, reason: broken });
  }
  return { events, rejected, unfit };
}

function firstBroken(events: readonly Event[], from: number, check: EventCheck): string | undefined {
  for (let i = from; i < events.length; i++) {
    const { name, properties } = events[i];
    const reason = check(name, properties);
    if (reason !== undefined) return `The schema of "${name}" is broken: ${reason}.`;
  }
  return undefined;
}

/** The batch's `sentAt`, read when it is first wanted. @throws Refusal each time, when it is no moment */
function onceRead(sentAt: unknown): () => number | undefined {
  let read: { readonly ms: number | undefined } | undefined;
  return () => {
    read ??= { ms: readMoment(sentAt, "sentAt") };
    return read.ms;
  };
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
function readCall(
  call: unknown,
  batchSentAt: () => number | undefined,
  receivedAt: number,
  mintId: () => string,
  into: Event[],
): void {
  if (!isObject(call)) throw new Refusal("NOT_AN_OBJECT", "Wanted an object, found something else.");
  const { type } = call;
  if (!isCallType(type)) throw new Refusal("TYPE_UNKNOWN", `Wanted "type" to be one of ${CALL_TYPES.join(", ")}.`);
  const user = readId(call.userId, "userId") ?? readId(call.anonymousId, "anonymousId");
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
        if (!Object.hasOwn(properties, field)) Object.assign(properties, read({ [field]: call[field] }));
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

/** Whole numbers are taken as ids too, because many clients send them so; beyond 2^53 two of them read as one. */
function readId(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string" || text.length > ID_CHARS || !isPrintable(text)) {
    throw new Refusal(
      "ID_INVALID",
      `Wanted "${field}" as a text of 1 to ${ID_CHARS} printable characters, or a whole number below 2^53; ${found(value)}.`,
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
 * When it happened by our clock. `timestamp` is what the caller said, else `originalTimestamp` is when its library heard
 * of it; both and `sentAt` come from one clock, the client's, so a difference is right even where that clock is wrong:
 * at = receivedAt − (sentAt − timestamp). Without `sentAt`, or when it is about right, the moment is taken as given;
 * without any moment it is now.
 */
function readTime(call: Record<string, unknown>, batchSentAt: () => number | undefined, receivedAt: number): number {
  const given = readMoment(call.timestamp ?? call.originalTimestamp, "timestamp");
  if (given === undefined) return receivedAt;
  const sent = readMoment(call.sentAt, "sentAt") ?? batchSentAt();
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
      `Wanted "${field}" as ISO 8601 (2026-03-01T12:00:00Z) or milliseconds since 1970, and not before; ${found(value)}${typeof value === "number" ? " that is none, perhaps of seconds" : ""}.`,
    );
  }
  return Math.floor(ms);
}

/** ms of an ISO 8601 text, NaN when it is none. No zone means UTC: the machine's own zone never decides. */
export function parseIso(text: string): number {
  if (text.length === 24 && text.endsWith("Z") && text[19] === ".") return parseUsual(text); // what every client sends
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const [, day, time = "00:00:00", zone = "Z"] = match;
  if (!dayIsThere(Number(day.slice(0, 4)), Number(day.slice(5, 7)), Number(day.slice(8)))) return Number.NaN;
  const sixty = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return Date.parse(`${day}T${time.replace(",", ".")}${sixty}`);
}

/** "2026-03-01T12:00:00.000Z", by hand: a third of what Date.parse costs. */
function parseUsual(text: string): number {
  if (text[4] !== "-" || text[7] !== "-" || (text[10] !== "T" && text[10] !== "t" && text[10] !== " "))
    return Number.NaN;
  if (text[13] !== ":" || text[16] !== ":") return Number.NaN;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  if (!dayIsThere(year, month, day) || !(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second, digits(text, 20, 23));
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function dayIsThere(year: number, month: number, day: number): boolean {
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1)) return false; // earlier moments are none of ours
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= MONTH_DAYS[month - 1] + (leap ? 1 : 0);
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const found = (value: unknown): string =>
  value === undefined || value === null
    ? "found none"
    : typeof value === "string"
      ? `found a text of ${value.length} characters that does not fit`
      : `found ${Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`}`;
