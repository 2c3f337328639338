import { expect, test } from "vitest";
import { createReceiptIds, deskOf, RECEIPT_ID, receiptMoment } from "../../src/scoring/receipt-id.ts";
import { NOON } from "../support/scoring.ts";

test("ids are 26 characters that hold their moment", () => {
  const id = createReceiptIds(() => NOON)();
  expect(id).toMatch(RECEIPT_ID);
  expect(receiptMoment(id)).toBe(NOON);
});

test("ids ascend within a millisecond and when the clock steps back", () => {
  const moments = [NOON, NOON, NOON, NOON - 5_000, NOON + 1, NOON];
  const ids = createReceiptIds(() => moments.shift() ?? NOON + 2);
  const made = Array.from({ length: 2_000 }, ids);
  expect(made).toEqual([...new Set(made)].sort());
});

test("the greatest chance of a millisecond carries over into the next", () => {
  const ids = createReceiptIds(
    () => NOON,
    (bytes) => new Uint8Array(bytes).fill(255),
  );
  const [first, second] = [ids(), ids()];
  expect(first.slice(10)).toBe("Z".repeat(16));
  expect(receiptMoment(second)).toBe(NOON + 1);
  expect(second > first).toBe(true);
});

test("all ids of one process come from one desk, those of many from many", () => {
  const ids = createReceiptIds(() => NOON);
  expect(new Set(Array.from({ length: 2_000 }, () => deskOf(ids()))).size).toBe(1);
  const desks = Array.from({ length: 200 }, () => deskOf(createReceiptIds(() => NOON)()));
  expect(new Set(desks).size).toBeGreaterThan(150); // of 1,024
});
