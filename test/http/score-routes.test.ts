import { describe, expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import { ScoreAnswerShape } from "../../src/http/routes/score-routes.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { NOON, tinyEvent } from "../support/scoring.ts";
import { MOUNTS, type ServeOptions, serve as serveAt } from "../support/serve.ts";

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  const serve = (given: Parameters<typeof serveAt>[0] = {}, options: ServeOptions = {}) =>
    serveAt(given, { ...options, mount });

  const away = () => Promise.reject(new PortraitError("REDIS_AWAY", "Redis does not answer"));

  test("POST /v1/score answers the score with reasons and keeps the receipt with its row", async () => {
    await using house = await serve();
    await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
    const res = await house.post("/v1/score", { entity: "user", id: "u1", models: ["purchase"], reasons: 3 });
    expect(res.status).toBe(200);
    const answer = res.body;
    expect(() => ScoreAnswerShape.parse(answer)).not.toThrow();
    expect(answer).toEqual({
      entity: { kind: "user", id: "u1" },
      at: "2026-03-01T12:00:00.000Z",
      scores: {
        purchase: {
          probability: 0.5,
          percentile: 50,
          band: "high",
          version: "v1",
          base: -1,
          reasons: [
            {
              feature: "orders_30d",
              value: 1,
              unit: "orders",
              usual: "0–2",
              contribution: 1,
              words: "1 order in the last 30 days (usually 0–2): raises it",
            },
          ],
        },
      },
      receipt: expect.stringMatching(/^[0-9A-Z]{26}$/),
    });
    const receipt = (await house.get(`/v1/receipts/${answer.receipt}`)).body;
    expect(receipt).toMatchObject({
      id: answer.receipt,
      at: "2026-03-01T12:00:00.000Z",
      scores: [{ model: "purchase", version: "v1", row: [1, null, 60], margin: 0, probability: 0.5 }],
    });
  });

  test("an event in flight, and features inline; nulls are as if they were not there", async () => {
    await using house = await serve();
    const event = { name: "Order Completed", properties: { revenue: 100, note: null } };
    const flight = (await house.post("/v1/score", { entity: "user", id: "new", event })).body;
    expect(flight.scores.fraud.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    const inline = (await house.post("/v1/score", { models: ["bank"], features: { age: 40 } })).body;
    expect(inline.scores.bank).toEqual({ probability: 0.5, percentile: 50, band: "high", version: "v1" });
  });

  test.each([
    [{}, 400, "INPUT_INVALID"],
    [{ id: 7 }, 400, "INPUT_INVALID"],
    [{ id: "u1", surprise: true }, 400, "INPUT_INVALID"],
    [{ id: "u1", reasons: 1e6 }, 400, "INPUT_INVALID"],
    [{ id: "x".repeat(600) }, 400, "INPUT_INVALID"],
    [{ models: ["bank"], features: { age: [1] } }, 400, "INPUT_INVALID"],
    [{ models: ["bank"], features: [40] }, 400, "INPUT_INVALID"],
    [{ models: ["bank"], features: { age: "40" } }, 422, "MODEL_INPUT_MISMATCH"],
    [{ models: ["bank"], features: { constructor: 1 } }, 422, "MODEL_INPUT_MISMATCH"],
    [{ models: ["nope"], features: {} }, 404, "MODEL_UNKNOWN"],
    [{ models: ["repayment"], id: "u1" }, 503, "MODEL_NOT_READY"],
    [{ id: "secret-person" }, 404, "ENTITY_UNKNOWN"],
    [[], 400, "INPUT_INVALID"],
    ["7", 400, "INPUT_INVALID"],
  ])("POST /v1/score %j → %i %s", async (body, status, code) => {
    await using house = await serve();
    const res = await house.post("/v1/score", body);
    expect([res.status, res.body.code]).toEqual([status, code]);
    expect(res.headers.get("content-type")).toMatch("application/problem+json");
    expect(res.text).not.toContain("secret-person");
  });

  test("without Redis features are scored on and the answer says what is missing; ids are refused for a while", async () => {
    await using house = await serve({
      states: { read: away, async *scan() {} },
      receipts: { ...createMemoryReceipts(), save: away, load: away, latest: away },
    });
    const inline = await house.post("/v1/score", { models: ["bank"], features: { age: 40 } });
    expect(inline.status).toBe(200);
    expect(inline.body.missing).toEqual(["receipt"]);
    const byId = await house.post("/v1/score", { id: "u1" });
    expect([byId.status, byId.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(byId.body.code).toBe("REDIS_AWAY");
    const batch = await house.post("/v1/score/batch", [{ id: "u1" }, { id: "u2" }]);
    expect([batch.status, batch.body.code]).toEqual([503, "REDIS_AWAY"]);
  });

  test("POST /v1/score/batch answers each by its place, the good and the bad", async () => {
    await using house = await serve();
    const items = [{ models: ["bank"], features: { age: 40 } }, { surprise: 1 }, { id: "nobody" }, 7];
    const res = await house.post("/v1/score/batch", { items });
    const { results, scored, failed } = res.body;
    expect([res.status, scored, failed]).toEqual([200, 1, 3]);
    expect(results["0"].scores.bank.probability).toBe(0.5);
    expect((results as unknown as { error?: { code: string } }[]).slice(1).map(({ error }) => error?.code)).toEqual([
      "INPUT_INVALID",
      "ENTITY_UNKNOWN",
      "INPUT_INVALID",
    ]);
  });

  test("a batch may be a table: names once, then a row for each, answered as its requests are", async () => {
    await using house = await serve();
    const [columns, rows] = [["age"], [[40], [20], [null]]];
    const items = [{ age: 40 }, { age: 20 }, {}].map((features) => ({ models: ["bank"], features, receipt: "none" }));
    const asItems = await house.post("/v1/score/batch", items);
    const asTable = await house.post("/v1/score/batch", { model: "bank", columns, rows, receipt: "none" });
    expect(asTable.body).toEqual(asItems.body);
    expect(asTable.body.scored).toBe(3);

    // what the quick reader leaves alone: receipts, and rows that are wrong each by itself
    const kept = await house.post("/v1/score/batch", { model: "bank", columns, rows: [[40], [1, 2], 7, ["x"], [[1]]] });
    const results = kept.body.results as unknown as { receipt?: string; error?: { code: string } }[];
    expect(results.map(({ receipt, error }) => error?.code ?? typeof receipt)).toEqual([
      "string",
      "INPUT_INVALID",
      "INPUT_INVALID",
      "MODEL_INPUT_MISMATCH",
      "INPUT_INVALID",
    ]);
    const receipt = await house.services.receipts.load(results[0].receipt ?? "");
    expect(receipt).toMatchObject({ fields: { age: 40 }, scores: [{ model: "bank", row: Float64Array.of(40) }] });
    for (const wrong of [
      { model: "bank", columns: ["age", "age"], rows: [[1, 2]] },
      { model: "bank", columns: ["__proto__"], rows: [[1]] },
      { model: "bank", columns, rows: [] },
      { model: "bank", columns, rows: [[40]], more: 1 },
      { columns, rows },
    ])
      expect((await house.post("/v1/score/batch", wrong)).status, JSON.stringify(wrong)).toBe(400);
  });

  test("a batch may be NDJSON; an empty or an endless one is refused", async () => {
    await using house = await serve();
    const line = JSON.stringify({ models: ["bank"], features: { age: 40 } });
    const ndjson = { "content-type": "application/x-ndjson" };
    const res = await house.ask("POST", "/v1/score/batch", `${line}\n\n${line}\n`, ndjson);
    expect(res.body.scored).toBe(2);
    const broken = await house.ask("POST", "/v1/score/batch", `${line}\n{"models"\n`, ndjson);
    expect(broken.body).toMatchObject({ code: "BODY_NOT_JSON", detail: expect.stringContaining("Line 2") });
    expect((await house.post("/v1/score/batch", [])).status).toBe(400);
    expect((await house.post("/v1/score/batch", Array(10_001).fill(0))).status).toBe(400);
  });

  test("a receipt that is not there, or an id that is none", async () => {
    await using house = await serve();
    const absent = await house.get("/v1/receipts/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    expect([absent.status, absent.body.code]).toEqual([404, "RECEIPT_UNKNOWN"]);
    expect((await house.get("/v1/receipts/nope")).status).toBe(400);
  });

  test("what is sent more than once at the same time is answered alike", async () => {
    await using house = await serve();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => house.post("/v1/score", { models: ["bank"], features: { age: 41 } })),
    );
    expect(new Set(answers.map(({ body }) => body.scores.bank.probability)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.receipt)).size).toBe(50);
    expect(answers[0].body.at).toBe(new Date(NOON).toISOString());
  });
});
