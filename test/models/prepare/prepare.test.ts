import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column, Dataset } from "../../../models/model.ts";
import { bend, type ColumnBasis, placeOf, signedLog, widthOf } from "../../../models/prepare/column-basis.ts";
import { encode, meansOf } from "../../../models/prepare/design.ts";
import { planBasis } from "../../../models/prepare/plan-basis.ts";
import { createRandom } from "../../../models/random.ts";
import { aTable } from "../../support/rows.ts";

const options = { knots: 4, rareRows: 5, mostLevels: 3 };
const number: Column = { name: "x", type: "number" };
const numbers = (basis: ColumnBasis) => {
  if (basis.type !== "number") throw new Error(`wanted a number basis, found ${basis.type}`);
  return basis;
};
const levels = (basis: ColumnBasis) => {
  if (basis.type !== "levels") throw new Error(`wanted a levels basis, found ${basis.type}`);
  return basis;
};

test("a constant or empty column takes no place; one that is only sometimes there keeps its mark", () => {
  expect(planBasis(number, Float64Array.of(3, 3, 3), options)).toEqual({ type: "none" });
  expect(planBasis(number, Float64Array.of(Number.NaN, Number.NaN), options)).toEqual({ type: "none" });
  const mark = numbers(planBasis(number, Float64Array.of(3, Number.NaN, 3), options));
  expect([mark.missing, mark.knots.length]).toEqual([true, 0]);
});

test("an even column stays as it is, a skewed one is read on a logarithmic scale", () => {
  const random = createRandom(1);
  const even = Float64Array.from({ length: 1000 }, () => random.next());
  expect(numbers(planBasis(number, even, options)).log).toBe(0);
  const skewed = even.map((u) => Math.exp(8 * u));
  expect(numbers(planBasis(number, skewed, options)).log).toBeGreaterThan(0);
  expect(signedLog(-(Math.E - 1), 1)).toBeCloseTo(-1, 12);
  expect(signedLog(5, 0)).toBe(5);
});

test("wild values are cut to where nearly all rows are", () => {
  const values = Float64Array.from({ length: 1001 }, (_, i) => i);
  values[1000] = 5000;
  const basis = { ...numbers(planBasis(number, values, options)) };
  expect(bend({ ...basis, log: 0, low: 2, high: 998 }, 5000)).toBe(998);
  expect(bend(basis, Number.POSITIVE_INFINITY)).toBe(basis.high);
  expect(bend(basis, Number.NaN)).toBeNaN();
});

test("few distinct values get a knot each, a heap of zeros one right above it", () => {
  const codes = Float64Array.from({ length: 100 }, (_, i) => i % 5);
  const inner = numbers(planBasis(number, codes, options));
  expect(inner.knots.map((z) => z * inner.spread + inner.centre)).toEqual([1, 2, 3].map((v) => expect.closeTo(v, 9)));
  const heaped = Float64Array.from({ length: 200 }, (_, i) => (i < 150 ? 0 : 10 + (i % 50) / 10));
  const basis = numbers(planBasis(number, heaped, options));
  const first = basis.knots[0] * basis.spread + basis.centre;
  expect(first).toBeCloseTo(signedLog(10, basis.log), 9);
});

test("a column of nothing but the smallest numbers keeps a scale that divides", () => {
  const tiny = Float64Array.of(-8.881784197001252e-16, 0, 0, 0, -5e-324, 5e-324, 0);
  const basis = numbers(planBasis(number, tiny, options));
  for (const part of [basis.low, basis.high, basis.centre, basis.spread, basis.log])
    expect(Number.isFinite(part)).toBe(true);
});

test("knots are ascending, inside, and no more than asked, whatever the values", () => {
  const cells = fc.array(fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 })), {
    minLength: 1,
    maxLength: 80,
  });
  fc.assert(
    fc.property(cells, fc.integer({ min: 0, max: 9 }), (list, knots) => {
      const basis = planBasis(number, Float64Array.from(list), { ...options, knots });
      if (basis.type !== "number") return;
      expect(basis.knots.length).toBeLessThanOrEqual(knots);
      for (const part of [basis.low, basis.high, basis.centre, basis.spread, basis.log])
        expect(Number.isFinite(part)).toBe(true);
      expect(basis.spread).toBeGreaterThan(0);
      for (const [k, knot] of basis.knots.entries()) {
        expect(Number.isFinite(knot)).toBe(true);
        if (k) expect(knot).toBeGreaterThan(basis.knots[k - 1]);
      }
    }),
  );
});

test("frequent levels have places, rare ones share one, missing ones have their own", () => {
  const column: Column = { name: "c", type: "category", categories: ["often", "seldom", "usual", "rarely", "never"] };
  const list = [...new Array(9).fill(0), 1, 1, ...new Array(6).fill(2), 3, Number.NaN];
  const basis = levels(planBasis(column, Float64Array.from(list), options));
  expect(basis).toMatchObject({ places: 4, place: [0, 2, 1, 2, -1], rare: 2, missing: 3 });
  expect([0, 1, 2, 3].map((level) => placeOf(basis, level))).toEqual([0, 2, 1, 2]);
  expect([4, 99, Number.NaN].map((level) => placeOf(basis, level))).toEqual([3, 3, 3]);
});

test("a level that was not seen reads as a rare one, or as the average row when there was none", () => {
  const column: Column = { name: "c", type: "category", categories: ["a", "b", "c"] };
  const full = (counts: number[]) =>
    levels(planBasis(column, Float64Array.from(counts.flatMap((n, level) => new Array(n).fill(level))), options));
  expect(placeOf(full([9, 9, 2]), Number.NaN)).toBe(2);
  expect(placeOf(full([9, 9, 0]), Number.NaN)).toBe(-1);
});

test("encoded rows have mean 0 in every place but the intercept, weights counted", () => {
  const table = aTable(300);
  const random = createRandom(5);
  const data: Dataset = { ...table, weight: Float64Array.from({ length: 300 }, () => 0.5 + random.next()) };
  const bases = data.columns.map((column, j) => planBasis(column, data.values[j], options));
  const { x, width } = encode(bases, meansOf(bases, data), data.values, data.rows);
  expect(width).toBe(1 + bases.reduce((sum, basis) => sum + widthOf(basis), 0));
  for (let k = 0; k < width; k++) {
    let mean = 0;
    for (let i = 0; i < 300; i++) mean += ((data.weight as Float64Array)[i] * x[i * width + k]) / 300;
    if (k) expect(mean).toBeCloseTo(0, 5);
  }
});
