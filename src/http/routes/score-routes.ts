import { ZodError, z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { ScoreRequest, ScoreService } from "../../scoring/score.ts";
import { toProblem } from "../errors.ts";
import { countScores, SCORE_PATH } from "../hot-score.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, Moment } from "../schemas.ts";
import { readScoreBody, ScoreBody } from "../score-body.ts";

const BATCH_LIMIT = 10_000;

const Reason = z.object({
  feature: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  unit: z.string().optional(),
  usual: z.string().optional(),
  contribution: z.number().meta({ description: "Exact share of the log-odds" }),
  words: z.string().meta({ examples: ["3 orders in the last 90 days (usually 0–2): raises it"] }),
});

const Score = z.object({
  probability: z.number().min(0).max(1),
  percentile: z.number().min(0).max(100).optional(),
  band: z.string(),
  version: z.string(),
  unusual: z
    .array(z.string())
    .optional()
    .meta({ description: "Features in which this row is unlike anything that the version was trained on" }),
  base: z.number().optional().meta({ description: "With reasons: base + all contributions = log-odds" }),
  reasons: z.array(Reason).optional(),
});

export const ScoreAnswerShape = z.object({
  entity: Entity.optional(),
  at: Moment,
  scores: z.record(z.string(), Score),
  receipt: z.string().optional(),
  missing: z
    .array(z.enum(["receipt"]))
    .optional()
    .meta({ description: "What the answer had to do without" }),
});

const ItemProblem = z.object({
  error: z.object({ code: z.string(), title: z.string(), status: z.int(), detail: z.string() }),
});

const BatchBody = z
  .union([z.strictObject({ items: z.array(z.unknown()) }).transform(({ items }) => items), z.array(z.unknown())])
  .refine((items) => items.length >= 1 && items.length <= BATCH_LIMIT, `wanted 1 to ${BATCH_LIMIT} items`)
  .meta({ description: 'A list of score requests, or { "items": […] }' });

const ERRORS = [
  "ENTITY_UNKNOWN",
  "MODEL_UNKNOWN",
  "MODEL_NOT_READY",
  "MODEL_INPUT_MISMATCH",
  "STATE_FROM_OTHER_CATALOGUE",
  "REDIS_AWAY",
  "REDIS_FULL",
] as const;

export function scoreRoutes({
  service,
  metrics,
}: {
  readonly service: ScoreService;
  readonly metrics: Metrics;
}): Route[] {
  return [
    route({
      method: "post",
      path: SCORE_PATH,
      scope: "score",
      group: "Scores",
      summary: "Score an entity, an event in flight, or features",
      body: ScoreBody,
      answers: { 200: { about: "A probability for each model, and the receipt", schema: ScoreAnswerShape } },
      errors: ERRORS,
    }),

    route({
      method: "post",
      path: "/v1/score/batch",
      scope: "score",
      group: "Scores",
      summary: "Score many; each is answered by its place",
      body: BatchBody,
      ndjson: true,
      answers: {
        200: {
          about: "An answer or an error for each, in their order",
          schema: z.object({
            results: z.array(z.union([ScoreAnswerShape, ItemProblem])),
            scored: z.int(),
            failed: z.int(),
          }),
        },
      },
      errors: ERRORS,
      async handle({ body }) {
        const read = body.map(readItem);
        const good = read.filter((item): item is ScoreRequest => !(item instanceof Error));
        const answers = (await service.scoreBatch(good))[Symbol.iterator]();
        const results = read.map((item) => {
          const answer = item instanceof Error ? item : answers.next().value;
          if (answer instanceof Error || answer === undefined) return itemProblem(answer);
          countScores(metrics, answer);
          return answer;
        });
        const failures = results.filter((result) => "error" in result);
        mustNotBeTheNeighbour(
          failures.map(({ error }) => error),
          results.length,
        );
        return json({ results, scored: results.length - failures.length, failed: failures.length });
      },
    }),
  ];
}

/** An item as a request, or why it is none: an error of one is not an error of all. */
function readItem(item: unknown): ScoreRequest | Error {
  try {
    return readScoreBody(item);
  } catch (error) {
    if (error instanceof ZodError || error instanceof PortraitError) return error;
    throw error;
  }
}

function itemProblem(error: unknown): { readonly error: Omit<ReturnType<typeof toProblem>, "type"> } {
  const { type: _, ...problem } = toProblem(error);
  return { error: problem };
}

/** When nothing at all could be answered for want of a neighbour, that is the answer: 503, try again. */
function mustNotBeTheNeighbour(
  failures: readonly { readonly code: string; readonly detail: string }[],
  all: number,
): void {
  const [first] = failures;
  if (failures.length === all && first && (first.code === "REDIS_AWAY" || first.code === "REDIS_FULL")) {
    if (failures.every(({ code }) => code === first.code)) throw new PortraitError(first.code, first.detail);
  }
}
