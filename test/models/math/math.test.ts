import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { logistic } from "../../../models/math/logistic.ts";
import { logit } from "../../../models/math/logit.ts";
import { orderBy } from "../../../models/math/order-by.ts";
import { quantile } from "../../../models/math/quantile.ts";
import { softplus } from "../../../models/math/softplus.ts";
import { solvePositive } from "../../../models/math/solve-positive.ts";
import { sortedValues } from "../../../models/math/sorted-values.ts";

test("logistic and logit undo each other, and neither overflows", () => {
  fc.assert(
    fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
      expect(logit(logistic(x))).toBeCloseTo(x, 2);
      expect(logistic(x) + logistic(-x)).toBeCloseTo(1, 12);
    }),
  );
  expect([logistic(-800), logistic(0), logistic(800)]).toEqual([0, 0.5, 1]);
  expect([logit(0), logit(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(logistic(Number.NaN)).toBeNaN();
});

test("softplus is the log of 1 + e^x, far out too", () => {
  expect(softplus(0)).toBeCloseTo(Math.LN2, 15);
  expect(softplus(1000)).toBe(1000);
  expect(softplus(-1000)).toBe(0);
  expect(softplus(-40)).toBeCloseTo(Math.exp(-40), 30);
});

test("quantiles are numpy's", () => {
  const { metrics } = JSON.parse(readFileSync(new URL("../../fixtures/metrics/golden.json", import.meta.url), "utf8"));
  for (const set of metrics) {
    const sorted = sortedValues(Float64Array.from(set.probability));
    [0, 0.05, 0.33, 0.5, 0.95, 1].forEach((share, k) => {
      expect(quantile(sorted, share)).toBeCloseTo(set.quantiles[k], 14);
    });
  }
  expect(quantile([], 0.5)).toBeNaN();
  expect(quantile([7], 0.9)).toBe(7);
});

test("sorting leaves missing values out, and the order of equal values is that of the rows", () => {
  expect([...sortedValues(Float64Array.of(3, Number.NaN, -1, 2))]).toEqual([-1, 2, 3]);
  expect([...orderBy(Float64Array.of(2, 1, 2, 1))]).toEqual([1, 3, 0, 2]);
});

test("a positive definite system is solved, an indefinite one refused", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 12, maxLength: 12 }), (cells) => {
      const a = cells.slice(0, 9);
      const x = cells.slice(9);
      const matrix = new Float64Array(9);
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++)
          for (let k = 0; k < 3; k++) matrix[i * 3 + j] += a[k * 3 + i] * a[k * 3 + j] + (i === j ? 1 / 3 : 0);
      const right = [0, 1, 2].map((i) => matrix[i * 3] * x[0] + matrix[i * 3 + 1] * x[1] + matrix[i * 3 + 2] * x[2]);
      const solved = solvePositive(matrix, Float64Array.from(right));
      for (let i = 0; i < 3; i++) expect(solved?.[i]).toBeCloseTo(x[i], 9);
    }),
  );
  expect(solvePositive(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1))).toBeUndefined();
});
