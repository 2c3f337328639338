import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createUnusual } from "../../src/scoring/unusual.ts";
import { usualOf } from "../../training/learn/usual.ts";

const columns: Column[] = [
  { name: "age", type: "number" },
  { name: "since", type: "number" },
  { name: "plan", type: "category", categories: ["a", "b"] },
];
const seen = {
  columns,
  rows: 4,
  label: new Uint8Array(4),
  values: [Float64Array.of(20, 30, 40, 60), Float64Array.of(Number.NaN, 1, 2, 3), Float64Array.of(0, 1, 0, 1)],
};
const unusual = createUnusual(columns, usualOf(seen));
const row = (...cells: number[]) => unusual(Float64Array.from(cells));

test("a row within all that was seen is not unusual, its ends included", () => {
  expect(row(20, 1, 0)).toEqual([]);
  expect(row(60, 3, 1)).toEqual([]);
});

test("beyond the least and the most of training by more than a tenth of the range, a number is unusual", () => {
  // ages 20 to 60 leave room down to 16 and up to 64, "since" from 1 to 3 up to 3.2
  expect(row(16.1, 3.1, 0)).toEqual([]);
  expect(row(15.9, 2, 0)).toEqual(["age"]);
  expect(row(64.1, 4, 0)).toEqual(["age", "since"]);
  expect(row(Number.POSITIVE_INFINITY, 2, 0)).toEqual(["age"]);
});

test("missing is unusual where nothing was missing, and so is a text that was never seen, which reads as missing", () => {
  expect(row(Number.NaN, Number.NaN, 0)).toEqual(["age"]);
  expect(row(30, 2, Number.NaN)).toEqual(["plan"]);
});

test("a value that went through a 32-bit float is not beyond its own edge", () => {
  const floats = { ...seen, values: [Float32Array.of(0.1, 0.7, 0.1, 0.7), seen.values[1], seen.values[2]] };
  const edges = createUnusual(columns, usualOf(floats));
  expect(edges(Float64Array.of(0.1, 1, 0))).toEqual([]);
  expect(edges(Float64Array.of(0.7, 1, 0))).toEqual([]);
});

test("a version that keeps no ends, or nothing at all, says nothing of numbers", () => {
  const old = createUnusual(columns, [{ low: 20, middle: 35, high: 60, missing: 0.5 }]);
  expect(old(Float64Array.of(1e9, 1e9, Number.NaN))).toEqual([]);
});
