import { expect, test } from "vitest";
import { outcomeEvent } from "../../src/feedback/outcome.ts";
import type { Receipt } from "../../src/scoring/receipt.ts";
import { NOON } from "../support/scoring.ts";

const AWAITED = [
  { model: "fraud", outcome: "Chargeback Received", on: "order_id" },
  { model: "repayment", outcome: "Loan Repaid", on: "loan_id" },
];
const score = { version: "v1", digest: "d", row: new Float64Array(0), margin: 0, probability: 0.5 };
const receipt: Receipt = {
  id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  at: NOON - 1_000,
  entity: { kind: "user", id: "u1" },
  fields: { order_id: "o7", revenue: 30 },
  scores: [{ model: "fraud", ...score }],
};
const at = { now: NOON, newId: () => "minted" };

test("an outcome of a receipt becomes the event that the model waits for, about the same thing", () => {
  expect(outcomeEvent({}, receipt, AWAITED, at)).toEqual({
    id: "outcome 01ARZ3NDEKTSV4RRFFQ69G5FAV Chargeback Received",
    name: "Chargeback Received",
    entity: { kind: "user", id: "u1" },
    at: NOON,
    known: NOON,
    properties: { order_id: "o7", receipt: receipt.id },
  });
});

test("an outcome of an entity needs no receipt; a moment to come is clamped to now", () => {
  const report = {
    name: "Order Completed",
    entity: { kind: "user", id: "u1" },
    at: NOON + 5,
    properties: { revenue: 9 },
  };
  expect(outcomeEvent(report, undefined, AWAITED, at)).toEqual({
    id: "minted",
    name: "Order Completed",
    entity: { kind: "user", id: "u1" },
    at: NOON,
    known: NOON,
    properties: { revenue: 9 },
  });
});

test("what no track call may be called, no outcome may be called either", () => {
  const of = (report: object) => () =>
    outcomeEvent({ name: "Paid", entity: { kind: "user", id: "u1" }, ...report }, undefined, AWAITED, at);
  expect(of({})().name).toBe("Paid");
  expect(of({ name: "$identify" })).toThrow(/our own/);
  expect(of({ name: "Half \ud800" })).toThrow("Wanted printable characters in the name.");
  expect(of({ id: "a\u0000b" })).toThrow("Wanted printable characters in the id.");
  expect(of({ entity: { kind: "user", id: "a\nb" } })).toThrow("Wanted printable characters in the entity's id.");
});

test("what the report says itself is not overwritten", () => {
  const event = outcomeEvent({ id: "m1", properties: { order_id: "o8" } }, receipt, AWAITED, at);
  expect(event).toMatchObject({ id: "m1", properties: { order_id: "o8" } });
});

test.each([
  [{ name: "x" }, undefined, /"receipt" or an "entity"/],
  [{ entity: { kind: "user", id: "u1" } }, undefined, /"name" of the outcome/],
  [{ entity: { kind: "user", id: "u2" } }, receipt, /another entity/],
  [{}, { ...receipt, entity: undefined }, /names no entity/],
  [{}, { ...receipt, fields: { revenue: 30 } }, /"order_id"/],
  [{}, { ...receipt, scores: [{ model: "purchase", ...score }] }, /"name" of the outcome/],
  [
    {},
    { ...receipt, scores: [...receipt.scores, { model: "repayment", ...score }] },
    /Chargeback Received, Loan Repaid/,
  ],
] as const)("a report that does not say enough is refused: %#", (report, about, message) => {
  expect(() => outcomeEvent(report, about as Receipt | undefined, AWAITED, at)).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(message) }),
  );
});
