import fc from "fast-check";
import { expect, test } from "vitest";
import { auc } from "../../../models/metrics/auc.ts";
import { aucDifference } from "../../../models/metrics/auc-difference.ts";
import { aucInterval } from "../../../models/metrics/auc-interval.ts";

const label = Uint8Array.of(1, 1, 0, 0);

test("the difference and its error, by hand", () => {
  // Placements of the first: all 1; of the second: 1 and 0 for the positives, one half for both negatives.
  const { difference, error } = aucDifference(Float64Array.of(4, 3, 2, 1), Float64Array.of(4, 1, 3, 2), label);
  expect(difference).toBe(0.5);
  // Differences 0, 1 | 0.5, 0.5: variance 0.5 over 2 rows, and none.
  expect(error).toBeCloseTo(0.5, 12);
  expect(aucDifference(Float64Array.of(4, 3, 2, 1), Float64Array.of(4, 1, 3, 2), label).worse).toBeCloseTo(
    0.8413447,
    6,
  );
  expect(aucDifference(Float64Array.of(4, 1, 3, 2), Float64Array.of(4, 3, 2, 1), label).worse).toBeCloseTo(
    0.1586553,
    6,
  );
});

test("scores that rank alike do not differ, and nothing can be said without two rows of a class", () => {
  expect(aucDifference(Float64Array.of(4, 3, 2, 1), Float64Array.of(40, 30, 20, 10), label)).toEqual({
    difference: 0,
    error: 0,
    worse: 0.5,
  });
  expect(aucDifference(Float64Array.of(1, 2, 3), Float64Array.of(3, 2, 1), Uint8Array.of(1, 0, 0)).worse).toBeNaN();
});

test("the difference is that of the two areas, and against a score that says nothing the error is the area's own", () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.boolean()), {
    minLength: 6,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, (some) => {
      const y = Uint8Array.from(some, ([, , positive]) => Number(positive));
      const positives = y.reduce((a, b) => a + b, 0);
      fc.pre(positives > 1 && y.length - positives > 1);
      const first = Float64Array.from(some, ([score]) => score);
      const second = Float64Array.from(some, ([, score]) => score);
      expect(aucDifference(first, second, y).difference).toBeCloseTo(auc(first, y) - auc(second, y), 10);
      const blind = new Float64Array(first.length);
      expect(aucDifference(first, blind, y).error).toBeCloseTo(aucInterval(first, y).error, 10);
    }),
  );
});
