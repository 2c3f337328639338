import { randomUUID } from "node:crypto";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { EventLog } from "../../events/event-log.ts";
import { CALL_TYPES, type CallType, type ReadCalls, readBatch, readSingle } from "../../events/segment-call.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Reply, type Route, route } from "../route.ts";

/** What Segment's own API takes in one request. */
const TRACK_LIMIT = 500_000;

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

const Rejected = z.object({ index: z.int(), code: z.string(), reason: z.string() });
const Taken = z.object({ success: z.literal(true), accepted: z.int(), rejected: z.array(Rejected) });

export function trackRoutes(needs: {
  readonly eventLog: EventLog;
  readonly clock: () => number;
  readonly metrics: Metrics;
}): Route[] {
  const { eventLog, clock, metrics } = needs;

  /** Answers when what was good is durable in the log. */
  async function take({ events, rejected }: ReadCalls, items: number): Promise<Reply> {
    if (events.length === 0 && rejected.length > 0) {
      const first = rejected[0];
      throw new PortraitError("INPUT_INVALID", `Nothing could be taken. ${first.reason}`, { rejected });
    }
    if (events.length > 0) await eventLog.append(events);
    metrics.eventsTaken(events.length);
    return json({ success: true, accepted: items - rejected.length, rejected });
  }

  const common = {
    method: "post",
    scope: "track",
    group: "Events",
    bodyLimit: TRACK_LIMIT,
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
        handle: ({ body }) => take(readSingle(type, body, clock(), randomUUID), 1),
      }),
    ),
    route({
      ...common,
      path: "/v1/batch",
      summary: "Many calls at once, each with its type; bad ones are answered by their place, good ones are taken",
      body: Batch,
      answers: { 200: { about: "What is good is in the log", schema: Taken } },
      handle({ body }) {
        const { events, rejected } = readBatch(body, clock(), randomUUID);
        return take({ events, rejected }, (body as { batch: unknown[] }).batch.length);
      },
    }),
  ];
}
