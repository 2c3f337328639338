import { z } from "zod";
import type { Candidate, RankAnswer, RankRequest } from "../../scoring/rank.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, EntityId, EventProperties, Kind, ModelName, Moment } from "../schemas.ts";
import { Score } from "./score-routes.ts";

const CANDIDATES_LIMIT = 1_000;
const MODELS_LIMIT = 100;
const REASONS_LIMIT = 20;
/** Exact reasons cost up to half a millisecond each. */
const EXPLAINED_LIMIT = 100;

const Name = z.string().min(1).max(200);

const CandidateShape = z
  .union([
    Name.transform((name): Candidate => ({ name })),
    z.strictObject({ name: Name, properties: EventProperties.optional() }),
  ])
  .meta({ description: "Its name, or its name and what else the event about it would carry" });

const RankBody = z
  .strictObject({
    entity: Kind.optional(),
    id: EntityId,
    model: ModelName.optional().meta({ description: "A model of an event in flight: each candidate is such an event" }),
    candidates: z.array(CandidateShape).min(1).max(CANDIDATES_LIMIT).optional(),
    properties: EventProperties.optional().meta({ description: "What the event of every candidate carries" }),
    models: z
      .array(ModelName)
      .min(1)
      .max(MODELS_LIMIT)
      .optional()
      .meta({ description: "Instead of candidates: models of the entity itself, one a candidate" }),
    top: z.int().min(1).max(CANDIDATES_LIMIT).default(10).meta({ description: "How many of the first to tell of" }),
    reasons: z.int().min(0).max(REASONS_LIMIT).optional(),
    receipt: z.enum(["kept", "none"]).optional(),
  })
  .superRefine(({ model, candidates, models, properties, top, reasons }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (models === undefined && (model === undefined || candidates === undefined))
      refuse("candidates", 'wanted "model" and "candidates", or "models"');
    if (models !== undefined && (model !== undefined || candidates !== undefined || properties !== undefined))
      refuse("models", 'wanted them without "model", "candidates" and "properties"');
    if (reasons && top > EXPLAINED_LIMIT) refuse("top", `wanted at most ${EXPLAINED_LIMIT} with reasons`);
  });

const RankShape = z.object({
  entity: Entity,
  at: Moment,
  scored: z.int().meta({ description: "How many candidates were scored" }),
  ranking: z
    .array(Score.extend({ name: z.string(), model: z.string(), receipt: z.string().optional() }))
    .meta({ description: "The likeliest first, of equal ones by name" }),
  failed: z.array(z.object({ name: z.string(), code: z.string(), detail: z.string() })).optional(),
});

export function rankRoutes({
  rank,
  metrics,
}: {
  readonly rank: (request: RankRequest) => Promise<RankAnswer>;
  readonly metrics: Pick<Metrics, "scored">;
}): Route[] {
  return [
    route({
      method: "post",
      path: "/v1/rank",
      scope: "score",
      group: "Scores",
      summary: "Rank categories, items or models for one entity, the likeliest first",
      body: RankBody,
      answers: { 200: { about: "The first of them, each with its score and its receipt", schema: RankShape } },
      errors: [
        "ENTITY_UNKNOWN",
        "MODEL_UNKNOWN",
        "MODEL_NOT_READY",
        "MODEL_INPUT_MISMATCH",
        "STATE_FROM_OTHER_CATALOGUE",
        "REDIS_AWAY",
        "REDIS_FULL",
      ],
      async handle({ body }) {
        const answer = await rank(requestOf(body));
        for (const { model, version } of answer.ranking) metrics.scored(model, version);
        return json(answer);
      },
    }),
  ];
}

function requestOf({ model, candidates, models, properties, ...asked }: z.output<typeof RankBody>): RankRequest {
  if (model !== undefined && candidates !== undefined)
    return { ...asked, model, candidates, ...(properties && { properties }) };
  return { ...asked, models: models ?? [] };
}
