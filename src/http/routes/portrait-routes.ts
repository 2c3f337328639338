import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";
import type { Reducer, Row } from "../../features/feature.ts";
import type { Reducers } from "../../features/reducers.ts";
import type { StateStore } from "../../features/state-store.ts";
import type { KeptScores } from "../../portraits/kept-scores.ts";
import { paint } from "../../portraits/portrait.ts";
import type { TagRule } from "../../portraits/tag-rule.ts";
import type { ScoreService } from "../../scoring/score.ts";
import { assign, type Segmentation, segmentationFits } from "../../segments/segmentation.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, EntityId, Kind, Moment } from "../schemas.ts";
import { Score } from "./score-routes.ts";

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
  scores: z
    .record(z.string(), Score.extend({ at: Moment.optional() }))
    .optional()
    .meta({
      description: "As of now with scores=1; else as the whole population was last scored, each with its moment",
    }),
});

const SegmentsShape = z.object({
  version: z.string(),
  createdAt: Moment,
  entity: z.string(),
  entities: z.int(),
  stale: z.boolean().meta({ description: "Made from another feature catalogue: nobody is assigned until made anew" }),
  segments: z.array(
    z.object({
      segment: z.int(),
      name: z.string(),
      share: z.number(),
      entities: z.int(),
      contrasts: z.array(
        z.object({
          feature: z.string(),
          difference: z.number().meta({ description: "In standard deviations from the average of all" }),
          mean: z.number().nullable(),
          overall: z.number().nullable(),
          words: z.string(),
        }),
      ),
      stages: z.record(z.string(), z.number()),
    }),
  ),
});

export interface PortraitNeeds {
  readonly clock: () => number;
  readonly reducers: Reducers;
  readonly states: StateStore;
  readonly keptScores: Pick<KeptScores, "read">;
  readonly tagRules: readonly TagRule[];
  readonly segmentation: () => Segmentation | undefined;
  readonly service: ScoreService;
}

export function portraitRoutes(needs: PortraitNeeds): Route[] {
  const { clock, reducers, states, keptScores, tagRules, segmentation, service } = needs;

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
      audit: { kind: "look", about: ({ params }) => ({ entity: params }) },
      answers: { 200: { about: "The portrait as of now", schema: PortraitShape } },
      errors: ["ENTITY_UNKNOWN", "STATE_FROM_OTHER_CATALOGUE", "REDIS_AWAY"],
      async handle({ params: entity, query }) {
        const [stored] = await states.read([entity]);
        if (!stored) {
          throw new PortraitError("ENTITY_UNKNOWN", `No event of this ${entity.kind} has arrived yet.`);
        }
        const now = clock();
        const reducer = reducers.of(entity.kind);
        const row = reducer.read(reducer.decode(stored.bytes), now);
        const segment = segmentOf(entity.kind, reducer, row);
        const portrait = paint({
          entity,
          reducer,
          row,
          reach: stored.reach,
          now,
          tagRules,
          ...(segment && { segment }),
        });
        const scores = query.scores === "1" ? await scoresOf(entity, query.reasons) : await keptOf(entity);
        return json({ ...portrait, ...(scores && { scores }) });
      },
    }),

    route({
      method: "get",
      path: "/v1/segments",
      scope: "read",
      group: "Portraits",
      summary: "The segments in use: who they are, how many, and what sets them apart",
      answers: { 200: { about: "The largest first", schema: SegmentsShape } },
      errors: ["SEGMENTS_NOT_READY"],
      handle() {
        const current = segmentation();
        if (!current) {
          throw new PortraitError(
            "SEGMENTS_NOT_READY",
            "No segments have been made yet: POST /v1/models/segments/retrain, or `portrait segments`.",
          );
        }
        const { version, createdAt, entity, entities, segments } = current;
        return json({
          version,
          createdAt,
          entity,
          entities,
          stale: !segmentationFits(current, reducers.of(entity)),
          segments: segments.map(({ centroid: _, ...face }, segment) => ({ segment, ...face })),
        });
      },
    }),
  ];

  /** Absent when there are no segments of this kind, or they were made from another catalogue. */
  function segmentOf(kind: string, reducer: Reducer, row: Row) {
    const current = segmentation();
    const fits = current && current.entity === kind && segmentationFits(current, reducer);
    return fits ? assign(current, row) : undefined;
  }

  /** What scoring the whole population wrote back; undefined when it never did. */
  async function keptOf(entity: EntityRef) {
    const kept = Object.entries(await keptScores.read(entity));
    if (kept.length === 0) return undefined;
    return Object.fromEntries(
      kept.map(([model, { at, ...score }]) => [model, { ...score, at: new Date(at).toISOString() }]),
    );
  }

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
