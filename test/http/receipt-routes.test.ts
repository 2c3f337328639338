import { expect, test } from "vitest";
import { Recipe } from "../../src/retraining/recipe.ts";
import { serve } from "../support/serve.ts";

const purchase = Recipe.parse({
  name: "purchase",
  about: "buys within 30 days",
  positive: "will buy",
  target: { kind: "event-within", event: "Order Completed", days: 30 },
  threshold: 0.4,
  actionable: [{ feature: "age", direction: "up" }],
});

async function scored(recipes = [purchase]) {
  const house = await serve({ recipes });
  const { body } = await house.post("/v1/score", { models: ["bank"], features: { age: 30 } });
  return { house, id: String(body.receipt) };
}

test("a receipt is replayed to the digest that its chain has held since the answer", async () => {
  const { house, id } = await scored();
  await using _ = house;
  const { status, body } = await house.ask("POST", `/v1/receipts/${id}/replay`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ receipt: id, equal: true, findings: [], chain: { number: 0, place: 0, holds: true } });
  expect(body.stored).toBe(body.recomputed);
  expect((await house.get(`/v1/receipts/${id}`)).body).toMatchObject({ id, scores: [{ model: "bank", row: [30] }] });
});

test("why: reasons in words, and the cheapest change of what is actionable", async () => {
  const bank = Recipe.parse({ ...purchase, name: "bank", actionable: [{ feature: "age" }] });
  const { house, id } = await scored([bank]);
  await using _ = house;
  const { status, body } = await house.get(`/v1/receipts/${id}/why?reasons=1`);
  expect(status).toBe(200);
  // margin = age / 10 − 4 = −1
  expect(body.scores[0 as never]).toMatchObject({ model: "bank", threshold: 0.4, reasons: [{ feature: "age" }] });
  const harder = await house.get(`/v1/receipts/${id}/why?threshold=0.2&model=bank`);
  // usual ages are 0–2 here: any of them takes it below, the nearest is 2
  expect(harder.body.scores[0 as never]).toMatchObject({ change: { steps: [{ feature: "age", from: 30, to: 2 }] } });
});

test("what is wrong with the question is said by name", async () => {
  const { house, id } = await scored();
  await using _ = house;
  const cases = [
    [`/v1/receipts/${id}/why?model=other`, 404, "MODEL_UNKNOWN"],
    [`/v1/receipts/${id}/why?threshold=2`, 400, "INPUT_INVALID"],
    ["/v1/receipts/01ARZ3NDEKTSV4RRFFQ69G5FAV/why", 404, "RECEIPT_UNKNOWN"],
    ["/v1/receipts/x/why", 400, "INPUT_INVALID"],
  ] as const;
  for (const [path, status, code] of cases) {
    const answer = await house.get(path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  }
  await house.services.receipts.erase([id]);
  for (const [method, path] of [
    ["GET", ""],
    ["GET", "/why"],
    ["POST", "/replay"],
  ]) {
    const answer = await house.ask(method, `/v1/receipts/${id}${path}`);
    expect([answer.status, answer.body.code]).toEqual([410, "ERASED"]);
  }
});
