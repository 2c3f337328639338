import { randomUUID } from "node:crypto";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { EventCheck } from "../../events/event-schema.ts";
import type { Quarantine } from "../../events/quarantine.ts";
import { CALL_TYPES, type CallType, type ReadCalls, readBatch, readSingle } from "../../events/segment-call.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Reply, type Route, route } from "../route.ts";

/** What Segment's own API takes in one request, unpacked. */
const TRACK_LIMIT = 500_000;

/**
 * Bodies that may be in hand at a time in this process, in bytes: parsed they take some five times as much. A caller
 * whose key comes with the body only is not known until it is read, so that all of these together have a quarter.
 */
const IN_HAND = 32_000_000;
const IN_HAND_UNKNOWN = IN_HAND / 4;

const ABOUT: Readonly<Record<CallType, string>> = {
  track: "Something that a user did",
  identify: "Who a user is: traits",
  page: "A page that a user looked at",
  screen: "A screen that a user looked at",
  group: "The company that a user belongs to, and its traits",
  alias: "Another id of the same user",
};

/** Events are read by hand, one by one (see events/segment-call.ts): a schema would refuse a batch for one bad item. */
const Call = z.unknown().meta({
  type: "object",
  description: "As in Segment's HTTP API: userId or anonymousId, messageId, timestamp, and what the call is about",
  properties: {
    userId: { type: "string" },
    anonymousId: { type: "string" },
    messageId: { type: "string", description: "The same one counts once; absent = minted, and counted each time" },
    timestamp: { type: "string", format: "date-time" },
    event: { type: "string" },
    properties: { type: "object", additionalProperties: true },
    traits: { type: "object", additionalProperties: true },
  },
});

const Batch = z.unknown().meta({
  type: "object",
  required: ["batch"],
  properties: { batch: { type: "array", items: { type: "object" } }, sentAt: { type: "string", format: "date-time" } },
});

/** Refuses a call before its body is read, while the log takes nothing or too much is in hand already. */
function atTheDoor(eventLog: EventLog): (bytes: number, withKey: boolean) => () => void {
  let inHand = 0;
  let unknown = 0;
  return (announced, withKey) => {
    const refusal = eventLog.refusal?.();
    if (refusal) throw refusal;
    const bytes = Math.min(announced, TRACK_LIMIT); // more is not read
    if (inHand + bytes > IN_HAND || (!withKey && unknown + bytes > IN_HAND_UNKNOWN)) {
      throw new PortraitError("TOO_BUSY", "Too many events are being read at this moment. Send again in a second.", {
        retryAfterS: 1,
      });
    }
    inHand += bytes;
    if (!withKey) unknown += bytes;
    return () => {
      inHand -= bytes;
      if (!withKey) unknown -= bytes;
    };
  };
}

const Rejected = z.object({ index: z.int(), code: z.string(), reason: z.string() });
const Taken = z.object({ success: z.literal(true), accepted: z.int(), rejected: z.array(Rejected) });

export function trackRoutes(needs: {
  readonly eventLog: EventLog;
  readonly clock: () => number;
  readonly metrics: Metrics;
  /** Where events go that break their schema. Without one they are refused only. */
  readonly quarantine?: Quarantine;
  /** What is declared of events; absent = nothing. */
  readonly checkEvent?: EventCheck;
}): Route[] {
  const { eventLog, clock, metrics, quarantine, checkEvent } = needs;
  const enter = atTheDoor(eventLog);

  /** Answers when what was good is durable in the log, and what broke its schema in the quarantine. */
  async function take({ events, rejected, unfit }: ReadCalls, items: number): Promise<Reply> {
    if (events.length > 0 || unfit.length > 0)
      await Promise.all([eventLog.append(events), unfit.length > 0 && quarantine?.put(unfit)]);
    metrics.eventsTaken(events.length);
    if (events.length === 0 && rejected.length > 0) {
      const first = rejected[0];
      throw new PortraitError("INPUT_INVALID", `Nothing could be taken. ${first.reason}`, { rejected });
    }
    return json({ success: true, accepted: items - rejected.length, rejected });
  }

  const common = {
    method: "post",
    scope: "track",
    group: "Events",
    bodyLimit: TRACK_LIMIT,
    unjudged: true,
    keyInBody: true,
    enter,
    errors: ["REDIS_AWAY", "REDIS_FULL", "TOO_BUSY"],
  } as const;

  return [
    ...CALL_TYPES.map((type) =>
      route({
        ...common,
        path: `/v1/${type}`,
        summary: ABOUT[type],
        body: Call,
        answers: { 200: { about: "It is in the log", schema: Taken } },
        handle: ({ body }) => take(readSingle(type, body, clock(), randomUUID, checkEvent), 1),
      }),
    ),
    route({
      ...common,
      path: "/v1/batch",
      summary: "Many calls at once, each with its type; bad ones are answered by their place, good ones are taken",
      body: Batch,
      answers: { 200: { about: "What is good is in the log", schema: Taken } },
      handle({ body }) {
        const read = readBatch(body, clock(), randomUUID, checkEvent);
        return take(read, (body as { batch: unknown[] }).batch.length);
      },
    }),
  ];
}
