import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { Recipe } from "../../retraining/recipe.ts";
import type { ChampionHolder } from "../../scoring/champions.ts";
import type { Receipt, ReceiptStore } from "../../scoring/receipt.ts";
import { parseReceipt } from "../../scoring/receipt-bytes.ts";
import { RECEIPT_ID } from "../../scoring/receipt-id.ts";
import { openSealed, REPLAY_FINDINGS, replayReceipt } from "../../scoring/replay-receipt.ts";
import { tellWhy } from "../../scoring/tell-why.ts";
import type { ScorerOf } from "../../scoring/version-scorers.ts";
import { json, type Route, route } from "../route.ts";
import { Entity, ModelName, Moment } from "../schemas.ts";

const Id = z.strictObject({ id: z.string().regex(RECEIPT_ID, "wanted a receipt's id of 26 characters") });

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

const ReplayShape = z.object({
  receipt: z.string(),
  equal: z.boolean().meta({ description: "Whether all of it holds: digests, versions and link" }),
  findings: z.array(z.enum(REPLAY_FINDINGS)).meta({ description: "What no longer holds; empty when all of it does" }),
  stored: z.string().meta({ description: "The salted digest that the chain has held since the answer, hex" }),
  kept: z.string().meta({ description: "That of the receipt as it is kept now" }),
  recomputed: z.string().meta({ description: "That of the receipt made again by the versions it names" }),
  scores: z.array(
    z.object({
      model: z.string(),
      version: z.string(),
      sameVersion: z.boolean(),
      kept: z.number(),
      recomputed: z.number(),
    }),
  ),
  chain: z.object({ name: z.string(), number: z.int(), place: z.int(), holds: z.boolean() }),
});

const Value = z.union([z.string(), z.number(), z.boolean()]);

const WhyShape = z.object({
  receipt: z.string(),
  at: Moment,
  scores: z.array(
    z.object({
      model: z.string(),
      version: z.string(),
      probability: z.number(),
      percentile: z.number().optional(),
      band: z.string(),
      base: z.number(),
      reasons: z.array(z.object({ feature: z.string(), contribution: z.number(), words: z.string() }).loose()),
      threshold: z.number(),
      change: z
        .object({
          steps: z.array(z.object({ feature: z.string(), from: Value.optional(), to: Value, words: z.string() })),
          probability: z.number(),
        })
        .optional()
        .meta({
          description: "The cheapest change of actionable features over the threshold; absent when none is enough",
        }),
      words: z.array(z.string()),
    }),
  ),
});

export interface ReceiptNeeds {
  readonly receipts: ReceiptStore;
  readonly champions: Pick<ChampionHolder, "current">;
  readonly scorerOf: ScorerOf;
  readonly recipes: readonly Recipe[];
}

export function receiptRoutes({ receipts, champions, scorerOf, recipes }: ReceiptNeeds): Route[] {
  // the champion is at hand already, and most receipts are its own
  const versionOf: ScorerOf = async (model, version) => {
    const champion = champions.current().get(model);
    return champion?.version === version ? champion : scorerOf(model, version);
  };

  return [
    route({
      method: "get",
      path: "/v1/receipts/:id",
      scope: "score",
      group: "Scores",
      summary: "What a score was made from",
      params: Id,
      audit: { kind: "look", about: ({ params }) => ({ receipt: params.id }) },
      answers: { 200: { about: "The receipt, with the rows that the models saw", schema: ReceiptShape } },
      errors: ["RECEIPT_UNKNOWN", "RECEIPT_BROKEN", "ERASED", "REDIS_AWAY"],
      handle: async ({ params }) => json(receiptView(parseReceipt(openSealed(await receipts.open(params.id)).bytes))),
    }),

    route({
      method: "post",
      path: "/v1/receipts/:id/replay",
      scope: "score",
      group: "Scores",
      summary: "Make a score again from its receipt, and compare",
      params: Id,
      answers: { 200: { about: "Whether digests, versions and chain hold", schema: ReplayShape } },
      errors: [
        "RECEIPT_UNKNOWN",
        "RECEIPT_BROKEN",
        "ERASED",
        "VERSION_UNKNOWN",
        "ARTIFACT_BROKEN",
        "ARTIFACT_FORMAT",
        "REDIS_AWAY",
      ],
      handle: async ({ params }) => json(await replayReceipt(params.id, { receipts, scorerOf: versionOf })),
    }),

    route({
      method: "get",
      path: "/v1/receipts/:id/why",
      scope: "score",
      group: "Scores",
      summary: "Why a score was what it was, and what would have changed it",
      params: Id,
      query: z.strictObject({
        model: ModelName.optional().meta({ description: "Only this model's score" }),
        threshold: z.coerce.number().gt(0).lt(1).optional().meta({
          description: "The probability to cross; the recipe's when absent, else where the highest band begins",
        }),
        reasons: z.coerce.number().int().min(1).max(50).default(5),
      }),
      audit: { kind: "look", about: ({ params }) => ({ receipt: params.id }) },
      answers: { 200: { about: "Reasons, the cheapest change and sentences, score by score", schema: WhyShape } },
      errors: [
        "RECEIPT_UNKNOWN",
        "RECEIPT_BROKEN",
        "ERASED",
        "MODEL_UNKNOWN",
        "VERSION_UNKNOWN",
        "ARTIFACT_BROKEN",
        "ARTIFACT_FORMAT",
        "REDIS_AWAY",
      ],
      async handle({ params, query }) {
        const receipt = parseReceipt(openSealed(await receipts.open(params.id)).bytes);
        const records = receipt.scores.filter(({ model }) => query.model === undefined || model === query.model);
        if (records.length === 0) {
          const models = receipt.scores.map(({ model }) => model).join(", ");
          throw new PortraitError("MODEL_UNKNOWN", `Wanted one of the receipt's models, ${models}; found another.`);
        }
        const scores = await Promise.all(
          records.map(async (record) => {
            const recipe = recipes.find(({ name }) => name === record.model);
            return tellWhy(record, await versionOf(record.model, record.version), {
              threshold: query.threshold ?? recipe?.threshold,
              reasons: query.reasons,
              actionable: recipe?.actionable ?? [],
            });
          }),
        );
        return json({ receipt: receipt.id, at: new Date(receipt.at).toISOString(), scores });
      },
    }),
  ];
}

/** JSON knows no NaN: a missing number is null in the row, which keeps its places. */
const receiptView = ({ at, scores, ...rest }: Receipt) => ({
  ...rest,
  at: new Date(at).toISOString(),
  scores: scores.map(({ row, ...score }) => ({ ...score, row: Array.from(row, (x) => (Number.isNaN(x) ? null : x)) })),
});
