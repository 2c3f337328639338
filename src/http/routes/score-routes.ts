import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { GivenRows } from "../../scoring/given-text.ts";
import type { ScoreRequest, ScoreService } from "../../scoring/score.ts";
import { parse, type ReadBytes, readBody, readJsonBytes, utf8Of } from "../body.ts";
import type { WithinDeadline } from "../deadline.ts";
import { SCORE_PATH } from "../hot-score.ts";
import type { Metrics } from "../metrics.ts";
import { MEGABYTE, type Route, route } from "../route.ts";
import type { ScoreScanner } from "../scan-score.ts";
import { Entity, Moment } from "../schemas.ts";
import { createReadScore, oneOfMany, readScoreBody, ScoreBody } from "../score-body.ts";
import { scoreLines } from "../score-lines.ts";
import { createScoreMany, mustNotBeTheNeighbour, readItem } from "../score-many.ts";
import { isTable, requestOfRow, TableBody } from "../table-body.ts";

const BATCH_LIMIT = 10_000;

const Reason = z.object({
  feature: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  unit: z.string().optional(),
  usual: z.string().optional(),
  contribution: z.number().meta({ description: "Exact share of the log-odds" }),
  words: z.string().meta({ examples: ["3 orders in the last 90 days (usually 0–2): raises it"] }),
});

export const Score = z.object({
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
  fallback: z
    .literal(true)
    .optional()
    .meta({ description: 'The scores are the caller\'s own, of version "fallback", and there is no receipt' }),
  why: z.string().optional().meta({ description: "With a fallback: the error that it stands in for" }),
  repeated: z
    .literal(true)
    .optional()
    .meta({ description: "The same call was answered before, by this receipt, and this is that answer" }),
  recorded: z
    .union([
      z.object({ ok: z.literal(true) }),
      z.object({ ok: z.literal(false), code: z.string(), detail: z.string().optional() }),
    ])
    .optional()
    .meta({ description: "With record: whether the event is in the log. If not, send it again by its messageId" }),
});

const ItemProblemShape = z.object({
  error: z.object({ code: z.string(), title: z.string(), status: z.int(), detail: z.string() }),
});

const tooFewOrMany = `wanted 1 to ${BATCH_LIMIT} items`;
const mayBe = ({ length }: readonly unknown[]): boolean => length >= 1 && length <= BATCH_LIMIT;
const ListBody = z
  .union([z.strictObject({ items: z.array(z.unknown()) }).transform(({ items }) => items), z.array(z.unknown())])
  .refine(mayBe, tooFewOrMany)
  .meta({ description: 'A list of score requests, or { "items": […] }' });
const BatchTable = TableBody.refine(({ rows }) => mayBe(rows), tooFewOrMany);
const BatchBody = z.union([ListBody, BatchTable]);

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
  scanner,
  metrics,
  within,
}: {
  readonly service: ScoreService;
  readonly scanner: ScoreScanner;
  readonly metrics: Metrics;
  readonly within: WithinDeadline;
}): Route[] {
  const readCall = createReadScore(scanner);
  const readLines = { alike: scanner.lines, one: (line: Buffer) => oneOfMany(readCall(line)) };
  const scoreMany = createScoreMany(
    {
      scoreBatch: async (some) => within(() => service.scoreBatch(some)),
      scoreRows: async (rows) => within(() => service.scoreRows(rows)),
    },
    metrics,
  );

  /** The requests of a batch: straight from its bytes when all are plain, else item by item. */
  async function readBatch(
    headers: IncomingHttpHeaders,
    bytes: ReadBytes,
  ): Promise<GivenRows | (ScoreRequest | Error)[]> {
    const lines = NDJSON.test(headers["content-type"] ?? "");
    const whole = lines ? undefined : await readJsonBytes(headers, bytes, MEGABYTE);
    const plain = whole && (scanner.rows(whole, BATCH_LIMIT) ?? scanner.table(whole, BATCH_LIMIT));
    const requests = plain ?? (whole && scanner.many(whole, BATCH_LIMIT));
    if (requests) return requests;
    const body = whole
      ? parse(utf8Of(whole))
      : await readBody(headers, bytes, { limit: MEGABYTE, optional: false, ndjson: true });
    if (isTable(body)) {
      const table = BatchTable.parse(body);
      return table.rows.map((row) => readItem(() => requestOfRow(table, row)));
    }
    return ListBody.parse(body).map((item) => readItem(() => oneOfMany(readScoreBody(item))));
  }

  return [
    route({
      method: "post",
      path: SCORE_PATH,
      scope: "score",
      group: "Scores",
      summary: "Score an entity, an event in flight, or features",
      body: ScoreBody,
      answers: { 200: { about: "A probability for each model, and the receipt", schema: ScoreAnswerShape } },
      errors: [...ERRORS, "TOO_LATE"],
    }),

    route({
      method: "post",
      path: "/v1/score/batch",
      scope: "score",
      group: "Scores",
      summary: "Score many; each is answered by its place",
      body: BatchBody,
      ndjson: true,
      readsItself: true,
      answers: {
        200: {
          about: "An answer or an error for each, in their order. With Accept: application/x-ndjson: a line for each",
          schema: z.object({
            results: z.array(z.union([ScoreAnswerShape, ItemProblemShape])),
            scored: z.int(),
            failed: z.int(),
          }),
        },
      },
      errors: ERRORS,
      async handle({ headers, input }) {
        if (NDJSON.test(headers.accept ?? "")) {
          mustBeLines(headers);
          return { status: 200, type: "application/x-ndjson", lines: scoreLines(input.pieces, readLines, scoreMany) };
        }
        const answers = await scoreMany(await readBatch(headers, input.read));
        mustNotBeTheNeighbour(answers);
        const { texts, problems } = answers;
        const [scored, failed] = [texts.length - problems.length, problems.length];
        const text = inOne('{"results":[', texts, `],"scored":${scored},"failed":${failed}}`);
        return { status: 200, text, type: "application/json; charset=utf-8" };
      },
    }),
  ];
}

/** Put together once: a text of hundreds of kilobytes that is put into another is copied. */
function inOne(before: string, texts: readonly string[], after: string): string {
  const all = texts.slice();
  all[0] = before + all[0];
  all[all.length - 1] += after;
  return all.join(",");
}

const NDJSON = /^application\/(x-)?ndjson\b/;

/** @throws PortraitError MEDIA_TYPE_UNSUPPORTED for a body that is not NDJSON as it is */
function mustBeLines(headers: IncomingHttpHeaders): void {
  const { "content-type": type = "none", "content-encoding": encoding } = headers;
  if (NDJSON.test(type) && encoding === undefined) return;
  throw new PortraitError(
    "MEDIA_TYPE_UNSUPPORTED",
    "Who wants NDJSON back sends it: wanted Content-Type: application/x-ndjson without a Content-Encoding.",
  );
}
