import { expect, test } from "vitest";
import { type Column, type Dataset, type Model, marginsByRow } from "../../../models/model.ts";
import { marginsOn } from "../../../training/judge/champion-margins.ts";

/** Says 10 × the first column + the place of the category, and −1 for a missing one. */
const columns: Column[] = [
  { name: "orders", type: "number" },
  { name: "city", type: "category", categories: ["Rome", "Oslo"] },
];
const model: Model = {
  kind: "spy",
  columns,
  margin: (row) => 10 * row[0] + (Number.isNaN(row[1]) ? -1 : row[1]),
  margins: (values, rows) => marginsByRow(model, values, rows),
  contributions: () => 0,
  save: () => ({ kind: "spy", meta: null }),
};

const data: Dataset = {
  columns: [
    { name: "visits", type: "number" },
    { name: "city", type: "category", categories: ["Oslo", "Rome", "Bern"] },
    { name: "orders", type: "number" },
  ],
  rows: 4,
  values: [new Float64Array(4), Float64Array.of(0, 1, 2, Number.NaN), Float64Array.of(1, 2, 3, 4)],
  label: Uint8Array.of(0, 1, 0, 1),
};

test("columns are found by name and categories by text; one the model never saw is missing", () => {
  expect(marginsOn(model, data)).toEqual(Float64Array.of(11, 20, 29, 39));
});

test("a column that is gone, or has become another type, is named", () => {
  expect(marginsOn(model, { ...data, columns: [data.columns[0], data.columns[1], data.columns[0]] })).toEqual({
    missing: "orders",
  });
  const text: Column = { name: "orders", type: "category", categories: [] };
  expect(marginsOn(model, { ...data, columns: [data.columns[0], data.columns[1], text] })).toEqual({
    missing: "orders",
  });
});
