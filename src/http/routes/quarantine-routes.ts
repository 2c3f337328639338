import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { EventCheck } from "../../events/event-schema.ts";
import { type Quarantine, type Quarantined, replayQuarantine } from "../../events/quarantine.ts";
import { json, type Route, route } from "../route.ts";
import { Entity } from "../schemas.ts";

const Id = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/, "wanted an id as the list gives it")
  .meta({ description: "The place in the quarantine", examples: ["1772366400000-0"] });
const Face = z.object({ id: Id, at: z.string(), name: z.string(), reason: z.string() });
const Whole = Face.extend({
  event: z.object({
    id: z.string(),
    entity: Entity,
    at: z.string(),
    known: z.string(),
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
});

const iso = (ms: number) => new Date(ms).toISOString();
/** What it is, without a word of whom it is about. */
const faceOf = ({ id, at, reason, event }: Quarantined) => ({ id, at: iso(at), name: event.name, reason });
const wholeOf = (one: Quarantined) => {
  const { id, entity, at, known, properties } = one.event;
  return { ...faceOf(one), event: { id, entity, at: iso(at), known: iso(known), properties } };
};

/** Events that broke their declared schema: looked at, and sent through the door again. */
export function quarantineRoutes(needs: {
  readonly quarantine: Quarantine;
  readonly eventLog: EventLog;
  readonly checkEvent?: EventCheck;
  readonly clock: () => number;
}): Route[] {
  const { quarantine, eventLog, checkEvent, clock } = needs;
  const common = { group: "Events", errors: ["REDIS_AWAY"] } as const;
  return [
    route({
      ...common,
      method: "get",
      path: "/v1/quarantine",
      scope: "read",
      summary: "Events that broke their schema, oldest first: which, when and why, not about whom",
      query: z.object({
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        after: Id.optional(),
        name: z.string().min(1).max(200).optional().meta({ description: "Only events of this name" }),
      }),
      answers: {
        200: {
          about: "A page; `next` is the `after` of the next one, absent at the end",
          schema: z.object({ items: z.array(Face), next: Id.optional() }),
        },
      },
      async handle({ query: { limit, after, name } }) {
        const found = await quarantine.list({ limit, ...(after && { after }), ...(name && { name }) });
        const next = found.length === limit ? found[found.length - 1].id : undefined;
        return json({ items: found.map(faceOf), ...(next !== undefined && { next }) });
      },
    }),
    route({
      ...common,
      method: "get",
      path: "/v1/quarantine/:id",
      scope: "read",
      summary: "One of them, whole",
      params: z.object({ id: Id }),
      audit: { kind: "look", about: ({ params }) => ({ quarantined: params.id }) },
      answers: { 200: { about: "The event as it was sent, and why it waits", schema: Whole } },
      errors: ["QUARANTINE_UNKNOWN", "REDIS_AWAY"],
      async handle({ params: { id } }) {
        const found = await quarantine.load(id);
        if (!found) throw unknown(id);
        return json(wholeOf(found));
      },
    }),
    route({
      ...common,
      method: "post",
      path: "/v1/quarantine/replay",
      scope: "admin",
      summary: "Sends what fits the schemas by now through the door again; what does not goes on waiting",
      body: z.strictObject({
        ids: z.array(Id).min(1).max(1_000).optional().meta({ description: "Only these; left out = all" }),
      }),
      audit: {
        kind: "change",
        about: ({ body }) => ({ ids: body.ids === undefined ? "all" : String(body.ids.length) }),
      },
      answers: {
        200: {
          about: "How many are in the log now",
          schema: z.object({ replayed: z.int(), kept: z.int(), unknown: z.array(z.string()) }),
        },
      },
      errors: ["REDIS_AWAY", "REDIS_FULL", "TOO_BUSY"],
      handle: async ({ body: { ids } }) =>
        json(
          await replayQuarantine({
            quarantine,
            log: eventLog,
            check: checkEvent,
            now: clock(),
            ...(ids && { ids }),
          }),
        ),
    }),
  ];
}

const unknown = (id: string) =>
  new PortraitError(
    "QUARANTINE_UNKNOWN",
    `Nothing waits under ${id}: it was replayed, or made room for newer ones. GET /v1/quarantine lists what is there.`,
  );
