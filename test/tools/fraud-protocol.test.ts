import { expect, test } from "vitest";
import { cardPrecision, type Payments, weekOf } from "../../tools/fraud-log/protocol.ts";

/** [day, customer, fraud] */
const payments = (...rows: [number, string, 0 | 1][]): Payments => ({
  rows: rows.length,
  day: Int32Array.from(rows, ([day]) => day),
  customer: rows.map(([, customer]) => customer),
  fraud: Uint8Array.from(rows, ([, , fraud]) => fraud),
});

test("a week trains, a week passes, a week is judged", () => {
  const one = payments(
    [99, "a", 0],
    [100, "a", 0],
    [106, "a", 0],
    [107, "a", 0],
    [114, "a", 0],
    [120, "a", 0],
    [121, "a", 0],
  );
  const { train, test } = weekOf(one, 100);
  expect([...train]).toEqual([1, 2]);
  expect([...test]).toEqual([4, 5]);
});

test("a customer leaves when a fraud of theirs has become known: that of the training week at once, a later one eight days after it", () => {
  const one = payments(
    [103, "a", 1],
    [114, "a", 0],
    [108, "b", 1],
    [115, "b", 0],
    [116, "b", 0],
    [120, "b", 1],
    [120, "c", 1],
  );
  expect([...weekOf(one, 100).test]).toEqual([3, 6]);
});

test("card precision looks at the cards that look worst each day, and at none twice", () => {
  const one = payments([1, "a", 1], [1, "a", 0], [1, "b", 0], [1, "c", 1], [2, "a", 1], [2, "b", 0], [2, "d", 1]);
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5, 6);
  // day 1: a (0.9) is found; day 2: a is not looked at again, b (0.8) is looked at and d (0.7) is not
  const probability = Float64Array.of(0.1, 0.9, 0.5, 0.2, 0.95, 0.8, 0.7);
  expect(cardPrecision(one, rows, probability, 1)).toEqual({ precision: 0.5, ceiling: 1 });
});
