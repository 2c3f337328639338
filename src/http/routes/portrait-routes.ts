import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { Reducer } from "../../features/feature.ts";
import type { StateStore } from "../../features/state-store.ts";
import { paint } from "../../portraits/portrait.ts";
import type { TagRule } from "../../portraits/tag-rule.ts";
import type { ScoreService } from "../../scoring/score.ts";
import type { Segmentation } from "../../segments/segmentation.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, EntityId, Kind, Moment } from "../schemas.ts";
import { ScoreAnswerShape } from "./score-routes.ts";

const Values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const Evidence = z.object({
  feature: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  unit: z.string(),
  words: z.string(),
});

const PortraitShape = z.object({
  entity: Entity,
  at: Moment,
  position: z.string().optional(),
  catalogue: z.string(),
  values: Values.meta({ description: "Features by name; missing ones are absent" }),
  tags: z.array(
    z.object({
      name: z.string(),
      by: z.string(),
      weight: z.number(),
      because: z.string(),
      evidence: z.array(Evidence),
      expiresAt: Moment,
    }),
  ),
  indexes: z.record(z.string(), z.unknown()).meta({ description: "0–100 readings; those without data are absent" }),
  stage: z.record(z.string(), z.unknown()).optional(),
  segment: z.object({ segment: z.number(), name: z.string(), distance: z.number() }).optional(),
  scores: ScoreAnswerShape.shape.scores.optional(),
});

export interface PortraitNeeds {
  readonly clock: () => number;
  readonly reducer: Reducer;
  readonly states: StateStore;
  readonly tagRules: readonly TagRule[];
  readonly segmentation: () => Segmentation | undefined;
  readonly service: ScoreService;
}

export function portraitRoutes(needs: PortraitNeeds): Route[] {
  const { clock, reducer, states, tagRules, service } = needs;

  return [
    route({
      method: "get",
      path: "/v1/portraits/:kind/:id",
      scope: "read",
      group: "Portraits",
      summary: "All that is said of one entity: values, tags with evidence, indexes, stage, segment, scores",
      params: z.strictObject({ kind: Kind, id: EntityId }),
      query: z.strictObject({
        scores: z.enum(["0", "1"]).default("0").meta({ description: "1 = with the scores of the champions that fit" }),
        reasons: z.coerce.number().int().min(0).max(100).default(0),
      }),
      answers: { 200: { about: "The portrait as of now", schema: PortraitShape } },
      errors: ["ENTITY_UNKNOWN", "STATE_FROM_OTHER_CATALOGUE", "REDIS_AWAY"],
      async handle({ params: entity, query }) {
        const [stored] = await states.read([entity]);
        if (!stored) {
          throw new PortraitError("ENTITY_UNKNOWN", `No event of this ${entity.kind} has arrived yet.`);
        }
        const now = clock();
        const row = reducer.read(reducer.decode(stored.bytes), now);
        const portrait = paint({ entity, reducer, row, position: stored.position, now, tagRules });
        const scores = query.scores === "1" ? await scoresOf(entity, query.reasons) : undefined;
        return json({ ...portrait, ...(scores && { scores }) });
      },
    }),
  ];

  /** A portrait is looked at, not decided from: its scores leave no receipt, and none is a portrait still. */
  async function scoresOf(entity: { readonly kind: string; readonly id: string }, reasons: number) {
    try {
      return (await service.score({ entity: entity.kind, id: entity.id, reasons, receipt: "none" })).scores;
    } catch (error) {
      if (error instanceof PortraitError && error.code === "MODEL_NOT_READY") return {};
      throw error;
    }
  }
}
