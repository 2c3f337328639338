import { z } from "zod";
import { Certificate } from "../../erasure/certificate.ts";
import { ERASURE_STATES, type Erasures, type ErasureView } from "../../erasure/erasures.ts";
import { type ExportNeeds, exportPerson } from "../../erasure/export-person.ts";
import { PortraitError } from "../../errors.ts";
import { json, type Route, route } from "../route.ts";
import { EntityId, Kind, Moment } from "../schemas.ts";

const Entity = z.strictObject({ kind: Kind, id: EntityId });

const ErasureShape = z.object({
  id: z.string(),
  state: z.enum(ERASURE_STATES),
  askedAt: Moment,
  code: z.string().optional().meta({ description: "Why it failed" }),
  certificate: Certificate.optional().meta({ description: "When it is done" }),
});

const view = ({ askedAt, ...rest }: ErasureView) => ({ ...rest, askedAt: new Date(askedAt).toISOString() });

/** What is known of one person: handed out, and erased. */
export function personRoutes(needs: ExportNeeds & { readonly erasures: Erasures }): Route[] {
  const { erasures } = needs;
  const common = { scope: "privacy", group: "Persons" } as const;
  return [
    route({
      ...common,
      method: "get",
      path: "/v1/entities/:kind/:id/export",
      summary: "All that is known of one entity, a line of JSON each",
      params: Entity,
      audit: { kind: "look", about: ({ params }) => ({ entity: params }) },
      answers: {
        200: {
          about: "NDJSON: events, portrait, receipts, what waits in quarantine; nothing when nothing is known",
          type: "application/x-ndjson",
        },
      },
      errors: ["REDIS_AWAY", "LAKE_BROKEN", "STATE_FROM_OTHER_CATALOGUE", "TOO_BUSY"],
      async handle({ params }) {
        const known = exportPerson(params, needs)[Symbol.asyncIterator]();
        const first = await known.next(); // what cannot be read is told by its status
        return { status: 200, type: "application/x-ndjson", lines: linesOf(first, known) };
      },
    }),
    route({
      ...common,
      method: "post",
      path: "/v1/entities/:kind/:id/erase",
      summary: "Ask for an entity to be erased everywhere; the worker does it",
      params: Entity,
      audit: { kind: "change", about: ({ params }) => ({ entity: params }) },
      answers: { 202: { about: "It will be done; asking again answers the same", schema: ErasureShape } },
      errors: ["REDIS_AWAY", "REDIS_FULL"],
      async handle({ params: entity, holder, requestId }) {
        return json(view(await erasures.ask({ entity, who: holder?.id ?? "anybody", request: requestId })), 202);
      },
    }),
    route({
      ...common,
      method: "get",
      path: "/v1/erasures/:id",
      summary: "How far an erasure is, and its certificate",
      params: z.strictObject({ id: z.string().min(1).max(64) }),
      answers: { 200: { about: "Nothing of whom it is about", schema: ErasureShape } },
      errors: ["ERASURE_UNKNOWN", "REDIS_AWAY"],
      async handle({ params: { id } }) {
        const found = await erasures.find(id);
        if (!found) throw new PortraitError("ERASURE_UNKNOWN", "There is no erasure of this id.");
        return json(view(found));
      },
    }),
  ];
}

async function* linesOf(
  first: IteratorResult<unknown, void>,
  rest: AsyncGenerator<unknown, void>,
): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield `${JSON.stringify(next.value)}\n`;
  } finally {
    await rest.return();
  }
}
