import { ZodError, z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { Receipt, ReceiptStore } from "../../scoring/receipt.ts";
import { RECEIPT_ID } from "../../scoring/receipt-id.ts";
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

const Reach = z
  .array(
    z.object({ partition: z.number(), position: z.object({ ms: z.number(), seq: z.number(), index: z.number() }) }),
  )
  .meta({ description: "Of each partition of the log, the last event that the state held" });

const ReceiptShape = z.object({
  id: z.string(),
  at: Moment,
  entity: Entity.optional(),
  reach: Reach.optional(),
  others: z.array(z.object({ entity: Entity, reach: Reach.optional() })).optional(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  scores: z.array(
    z.object({
      model: z.string(),
      version: z.string(),
      digest: z.string(),
      row: z
        .array(z.number().nullable())
        .meta({ description: "In the order of the version's columns; null = missing" }),
      margin: z.number(),
      probability: z.number(),
    }),
  ),
});

const ERRORS = [
  "ENTITY_UNKNOWN",
  "MODEL_UNKNOWN",
  "MODEL_NOT_READY",
  "MODEL_INPUT_MISMATCH",
  "STATE_FROM_OTHER_CATALOGUE",
  "REDIS_AWAY",
  "REDIS_FULL",
] as const;

export function scoreRoutes(needs: {
  readonly service: ScoreService;
  readonly receipts: ReceiptStore;
  readonly metrics: Metrics;
}): Route[] {
  const { service, receipts, metrics } = needs;

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

    route({
      method: "get",
      path: "/v1/receipts/:id",
      scope: "score",
      group: "Scores",
      summary: "What a score was made from",
      params: z.strictObject({ id: z.string().regex(RECEIPT_ID, "wanted a receipt's id of 26 characters") }),
      answers: { 200: { about: "The receipt, with the rows that the models saw", schema: ReceiptShape } },
      errors: ["RECEIPT_UNKNOWN", "REDIS_AWAY"],
      async handle({ params }) {
        const receipt = await receipts.load(params.id);
        if (!receipt) {
          throw new PortraitError("RECEIPT_UNKNOWN", "There is no receipt of this id, or its time to be kept is over.");
        }
        return json(receiptView(receipt));
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

/** JSON knows no NaN: a missing number is null in the row, which keeps its places. */
export const receiptView = ({ at, scores, ...rest }: Receipt) => ({
  ...rest,
  at: new Date(at).toISOString(),
  scores: scores.map(({ row, ...score }) => ({ ...score, row: Array.from(row, (x) => (Number.isNaN(x) ? null : x)) })),
});
