import { randomUUID } from "node:crypto";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { EventCheck } from "../../events/event-schema.ts";
import type { Quarantine } from "../../events/quarantine.ts";
import { type AwaitedOutcome, outcomeEvent } from "../../feedback/outcome.ts";
import type { Recipe } from "../../retraining/recipe.ts";
import type { ReceiptStore } from "../../scoring/receipt.ts";
import { RECEIPT_ID } from "../../scoring/receipt-id.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, EntityId, EventProperties, Kind, Moment } from "../schemas.ts";

const Body = z.strictObject({
  receipt: z.string().regex(RECEIPT_ID, "wanted a receipt's id of 26 characters").optional(),
  entity: z.strictObject({ kind: Kind, id: EntityId }).optional(),
  name: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ examples: ["Chargeback Received"] }),
  at: Moment.optional().meta({ description: "When it happened; absent = now" }),
  id: z.string().min(1).max(100).optional().meta({ description: "A message id: the same one counts once" }),
  properties: EventProperties.optional(),
});

export function outcomeRoutes(needs: {
  readonly recipes: readonly Recipe[];
  readonly receipts: ReceiptStore;
  readonly eventLog: EventLog;
  readonly clock: () => number;
  readonly metrics: Metrics;
  readonly quarantine?: Quarantine;
  readonly checkEvent?: EventCheck;
}): Route[] {
  const { recipes, receipts, eventLog, clock, metrics, quarantine, checkEvent } = needs;
  const awaited = recipes.flatMap(({ name, target }): AwaitedOutcome[] =>
    target.kind === "event-becomes" ? [{ model: name, outcome: target.outcome, on: target.on }] : [],
  );
  return [
    route({
      method: "post",
      path: "/v1/outcomes",
      scope: "track",
      group: "Outcomes",
      summary: "Say what really happened, about a receipt or an entity",
      body: Body,
      answers: {
        201: {
          about: "The outcome stands in the log, as an event of its own name",
          schema: z.object({ event: z.object({ id: z.string(), name: z.string(), entity: Entity, at: Moment }) }),
        },
      },
      errors: ["RECEIPT_UNKNOWN", "REDIS_AWAY", "REDIS_FULL", "TOO_BUSY"],
      async handle({ body }) {
        const { receipt: id, at, ...report } = body;
        const receipt = id === undefined ? undefined : await receipts.load(id);
        if (id !== undefined && !receipt) {
          throw new PortraitError(
            "RECEIPT_UNKNOWN",
            "There is no receipt of this id, or its time to be kept is over. Point at the entity instead.",
          );
        }
        const event = outcomeEvent({ ...report, ...(at !== undefined && { at: Date.parse(at) }) }, receipt, awaited, {
          now: clock(),
          newId: randomUUID,
        });
        const broken = checkEvent?.(event.name, event.properties);
        if (broken !== undefined) {
          const reason = `The schema of "${event.name}" is broken: ${broken}.`;
          await quarantine?.put([{ event, reason }]);
          throw new PortraitError("INPUT_INVALID", reason, { rejected: [{ index: 0, code: "SCHEMA_BROKEN", reason }] });
        }
        await eventLog.append([event]);
        metrics.eventsTaken(1);
        const { name, entity } = event;
        return json({ event: { id: event.id, name, entity, at: new Date(event.at).toISOString() } }, 201);
      },
    }),
  ];
}
