import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createExplainer, numberWords } from "../../src/scoring/reasons.ts";
import { standing } from "../../src/scoring/standing.ts";
import { linearModel, tinyScorer } from "../support/scoring.ts";

const anyNumber = fc.oneof(fc.double({ min: -1e300, max: 1e300, noNaN: true }), fc.constant(Number.NaN));

test("margin, probability, percentile and band of a row one can check by hand", () => {
  const score = tinyScorer().score(Float64Array.of(1, NaN, NaN)); // margin 1 − 1
  expect(score).toEqual({ margin: 0, probability: 0.5, percentile: 50, band: "high" });
});

test("a probability always lies within 0 and 1, its percentile within 0 and 100", () => {
  const scorer = tinyScorer({ weights: [3, -2, 0.5] });
  fc.assert(
    fc.property(fc.array(anyNumber, { minLength: 3, maxLength: 3 }), (row) => {
      const { probability, percentile } = scorer.score(Float64Array.from(row));
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThanOrEqual(1);
      expect(percentile).toBeGreaterThanOrEqual(0);
      expect(percentile).toBeLessThanOrEqual(100);
    }),
  );
});

test("numbers too great to calculate with are refused, never answered as NaN", () => {
  const scorer = tinyScorer({ weights: [10, 0, -10] });
  expect(() => scorer.score(Float64Array.of(1.7e308, NaN, 1.7e308))).toThrow(
    expect.objectContaining({ code: "MODEL_INPUT_MISMATCH" }),
  );
});

test("the percentile grows with the probability and stands in the middle of equal values", () => {
  const at = (spread: number[], p: number) => standing({ spread, bands: [] }, p).percentile;
  expect(at([0.1, 0.2, 0.3], 0.05)).toBe(0);
  expect(at([0.1, 0.2, 0.3], 0.2)).toBe(50);
  expect(at([0.1, 0.2, 0.3], 0.25)).toBeCloseTo(75, 12);
  expect(at([0.1, 0.2, 0.3], 0.9)).toBe(100);
  expect(at([0.2, 0.2, 0.2, 0.2, 0.9], 0.2)).toBe(37.5); // ranks 0–3 of 4
  expect(at([], 0.2)).toBeNaN();
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, p, q) => {
        const spread = values.sort((a, b) => a - b);
        expect(at(spread, Math.min(p, q))).toBeLessThanOrEqual(at(spread, Math.max(p, q)));
      },
    ),
  );
});

test("base and contributions add to the margin", () => {
  const scorer = tinyScorer({ weights: [3, -2, 0.5], base: -0.25 });
  const cell = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(Number.NaN));
  fc.assert(
    fc.property(cell, fc.constantFrom(0, 1, NaN), cell, (a, b, c) => {
      const row = Float64Array.of(a, b, c);
      const { base, reasons } = scorer.explain(row, 3);
      const { margin } = scorer.score(row);
      const sum = reasons.reduce((total, { contribution }) => total + contribution, base);
      expect(Math.abs(sum - margin)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(margin)));
    }),
  );
});

test("reasons say value, unit, usual range and direction, strongest first", () => {
  const scorer = tinyScorer({ weights: [1, 0.5, -0.1] });
  const { reasons } = scorer.explain(Float64Array.of(3, 1, 120.5), 3);
  expect(reasons.map(({ words }) => words)).toEqual([
    "spent in the last 30 days: 120.50 (usually 0.00–2.00): lowers it",
    "3 orders in the last 30 days (usually 0–2): raises it",
    "last category: shoes (usually books, shoes): raises it",
  ]);
  expect(reasons[1]).toEqual({
    feature: "orders_30d",
    value: 3,
    unit: "orders",
    usual: "0–2",
    contribution: 3,
    words: expect.any(String),
  });
});

test("only the strongest are told, and none that has no effect", () => {
  const scorer = tinyScorer({ weights: [1, 0, -0.1] });
  expect(scorer.explain(Float64Array.of(3, 1, 1), 1).reasons.map(({ feature }) => feature)).toEqual(["orders_30d"]);
  expect(scorer.explain(Float64Array.of(3, 1, 1), 9).reasons).toHaveLength(2);
});

test("what is missing, true or without any unit has words too", () => {
  const columns: Column[] = [
    { name: "duration", type: "number" },
    { name: "foreign", type: "boolean" },
    { name: "age", type: "number", unit: "years", about: "age" },
  ];
  const model = {
    ...linearModel(columns, [1, 1, 1]),
    contributions: (_: Float64Array, out: Float64Array) => 0 * out.fill(0.5).length,
  };
  const explain = createExplainer(model, [
    { low: 4, middle: 12, high: 36, missing: 0 },
    { low: 0, middle: 0, high: 1, missing: 0 },
    { low: null, middle: null, high: null, missing: 1 },
  ]);
  expect(explain(Float64Array.of(24, 1, 40), 3).reasons.map(({ words }) => words)).toEqual([
    "duration: 24 (usually 4–36): raises it",
    "foreign: yes (usually yes or no): raises it",
    "age: 40 years: raises it",
  ]);
  const missing = explain(Float64Array.of(NaN, NaN, NaN), 3).reasons;
  expect(missing[0].words).toBe("duration: not known (usually 4–36): raises it");
  expect("value" in missing[0]).toBe(false);
});

test("one of a thing is said in the singular", () => {
  const said = (about: string, unit: string) => {
    const column: Column = { name: "n", type: "number", unit, about };
    const model = linearModel([column], [1]);
    return createExplainer(model, [])(Float64Array.of(1), 1).reasons[0].words;
  };
  expect(said("orders in the last 90 days", "orders")).toBe("1 order in the last 90 days: raises it");
  expect(said("categories looked at", "categories")).toBe("1 category looked at: raises it");
  expect(said("days since the last order", "days")).toBe("1 day since the last order: raises it");
});

test("numbers are said shortly, whole ones whole", () => {
  expect([1234567, 12.5, 0.00421712, 1234.56, -3].map((value) => numberWords(value))).toEqual([
    "1,234,567",
    "12.5",
    "0.0042",
    "1,235",
    "-3",
  ]);
});

test("many rows score as each does alone, bit for bit, and one that is too great spoils only itself", () => {
  const scorer = tinyScorer({ weights: [1, 0.1, -0.3] });
  const rows = Array.from({ length: 100 }, (_, i) => Float64Array.of(i / 7, i % 3, i % 5 === 0 ? Number.NaN : i * 1.1));
  expect(scorer.scoreRows(rows)).toEqual(rows.map((row) => scorer.score(row)));
  const [good, bad] = scorer.scoreRows([rows[1], Float64Array.of(1e308 * 10, 0, 1e308 * 10)]);
  expect(good).toEqual(scorer.score(rows[1]));
  expect(bad).toMatchObject({ code: "MODEL_INPUT_MISMATCH" });
});
