import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Column } from "../../models/model.ts";
import type { Usual } from "../../src/scoring/artifact.ts";
import { type Actionable, cheapestChange } from "../../src/scoring/cheapest-change.ts";

const columns: Column[] = [
  { name: "debt", type: "number" },
  { name: "orders", type: "number" },
  { name: "paperless", type: "boolean" },
  { name: "plan", type: "category", categories: ["month", "year", "two years"] },
];
const usual: Usual[] = [
  { low: 0, middle: 0.5, high: 1, missing: 0 },
  { low: 0, middle: 2, high: 4, missing: 0 },
  { low: 0, middle: 1, high: 1, missing: 0 },
  {
    top: [
      { value: "month", share: 0.6 },
      { value: "year", share: 0.4 },
    ],
    missing: 0,
  },
];
const ROW = Float64Array.of(0.8, 1, 1, 0);

const search = (distance: (row: Float64Array) => number, actionable: readonly Actionable[]) =>
  cheapestChange(ROW, { columns, usual, actionable, distance: (rows) => rows.map(distance) });

describe("the cheapest change", () => {
  it("moves one number as little as is enough", () => {
    const found = search((row) => row[0] - 0.5, [{ feature: "debt" }]);
    expect(found?.changes).toEqual([{ column: 0, to: 0.5 }]);
    expect(found?.cost).toBeCloseTo(0.3, 12); // 0.3 of a usual range of 1
    expect(found?.row).toEqual(Float64Array.of(0.5, 1, 1, 0));
  });

  it("counts whole things in whole things", () => {
    const found = search((row) => 2.5 - row[1], [{ feature: "orders" }]);
    expect(found?.changes).toEqual([{ column: 1, to: 3 }]);
    expect(found?.cost).toBe(0.5); // two orders of a usual range of four
  });

  it("takes the cheaper of two ways, as the recipe weighs them", () => {
    const either = (row: Float64Array) => Math.min(row[0] - 0.5, row[2] - 0.5);
    const cheapDebt = search(either, [{ feature: "debt" }, { feature: "paperless" }]);
    expect(cheapDebt?.changes).toEqual([{ column: 0, to: 0.5 }]);
    const dearDebt = search(either, [{ feature: "debt", cost: 10 }, { feature: "paperless" }]);
    expect(dearDebt?.changes).toEqual([{ column: 2, to: 0 }]);
  });

  it("changes two features when neither is enough alone", () => {
    const found = search(
      (row) => 2 - (1 - row[2]) - Number(row[3] === 1),
      [{ feature: "plan" }, { feature: "paperless" }],
    );
    expect(found?.changes).toEqual([
      { column: 3, to: 1 },
      { column: 2, to: 0 },
    ]);
  });

  it("changes more of them when two are not enough", () => {
    const all = [{ feature: "debt" }, { feature: "paperless" }, { feature: "plan" }];
    const found = search((row) => row[0] + row[2] + Number(row[3] !== 1), all);
    expect(found?.row).toEqual(Float64Array.of(0, 1, 0, 1));
  });

  it("goes only the way that it may, and never to texts that hardly occur", () => {
    expect(search((row) => row[0] - 0.5, [{ feature: "debt", direction: "up" }])).toBeUndefined();
    expect(search((row) => (row[3] === 2 ? 0 : 1), [{ feature: "plan" }])).toBeUndefined();
  });

  it("leaves alone what is missing, not declared or not a column", () => {
    const missing = Float64Array.of(Number.NaN, 1, 1, 0);
    const asked: Float64Array[][] = [];
    const found = cheapestChange(missing, {
      columns,
      usual,
      actionable: [{ feature: "debt" }, { feature: "income" }],
      distance: (rows) => {
        asked.push([...rows]);
        return rows.map(() => 1);
      },
    });
    expect(found).toBeUndefined();
    expect(asked.flat().every((row) => Object.is(row[0], Number.NaN))).toBe(true);
  });

  it("never finds a dearer way than the best single change", () => {
    const weights = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(weights, fc.double({ min: -1, max: 3, noNaN: true }), (w, bar) => {
        const distance = (row: Float64Array) => bar - row.reduce((sum, value, j) => sum + w[j] * value, 0);
        const all = columns.map(({ name }) => ({ feature: name }));
        const found = search(distance, all);
        const alone = all.map((one) => search(distance, [one])?.cost ?? Number.POSITIVE_INFINITY);
        if (found) expect(distance(found.row)).toBeLessThanOrEqual(0);
        expect(found?.cost ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(Math.min(...alone));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
