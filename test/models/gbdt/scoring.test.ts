import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextFloat } from "../../../models/gbdt/compile.ts";
import { growTrees } from "../../../models/gbdt/gbdt.ts";
import { gbdtModel } from "../../../models/gbdt/model.ts";
import { defaults, type GbdtParams, readParams } from "../../../models/gbdt/params.ts";
import { gaussLegendre } from "../../../models/gbdt/reasons.ts";
import { rowsOf } from "../../support/rows.ts";
import { marginOf, shapleyByDefinition } from "./plain/walk.ts";
import { aWildTable } from "./tables.ts";

const data = aWildTable(1500, 3);
const trained = async (given: Partial<GbdtParams>, seed = 1) => {
  const params = readParams({ ...defaults, rounds: 10, minWeight: 0.3, ...given });
  return gbdtModel(data.columns, (await growTrees(data, params, { seed })).trees);
};

/** Rows that nobody has seen: any number, NaN, ±∞, levels beyond all that is known, cut points themselves. */
const anyRow = (cuts: readonly number[]) =>
  fc.array(
    fc.oneof(
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0),
      fc.integer({ min: -1, max: 500 }),
      fc.constantFrom(...cuts),
    ),
    { minLength: 8, maxLength: 8 },
  );

const shapes: [string, Partial<GbdtParams>][] = [
  ["depth 6, laid out whole", { depth: 6 }],
  ["depth 3, laid out whole", { depth: 3, rounds: 9 }],
  ["depth 1", { depth: 1, rounds: 2 }],
  ["depth 9, linked", { depth: 9, rounds: 6 }],
  ["leaf-wise up to depth 15, linked", { growth: "leaf", leaves: 40, depth: 15, rounds: 7 }],
];

describe.each(shapes)("%s", (_name, given) => {
  test("one row, many rows and a walk from node to node give the same bits", async () => {
    const model = await trained(given);
    const many = model.margins(data.values, data.rows);
    const oneAfterTheOther = Float64Array.from([...rowsOf(data)].flatMap((row) => [...row]));
    expect(model.marginsOfRows?.(oneAfterTheOther, data.rows)).toEqual(many);
    expect(() => model.marginsOfRows?.(oneAfterTheOther, data.rows + 1)).toThrow(/wanted \d+ rows of 8 columns/);
    let i = 0;
    for (const row of rowsOf(data)) {
      expect(model.margin(row)).toBe(marginOf(model.trees, row));
      expect(many[i++]).toBe(model.margin(row));
    }
    fc.assert(
      fc.property(anyRow([...model.trees.value]), (cells) => {
        const row = Float64Array.from(cells);
        expect(model.margin(row)).toBe(marginOf(model.trees, row));
        expect(
          model.margins(
            cells.map((cell) => Float64Array.of(cell)),
            1,
          )[0],
        ).toBe(model.margin(row));
        expect(model.marginsOfRows?.(row, 1)[0]).toBe(model.margin(row));
      }),
    );
  });

  test("reasons are the Shapley values of their definition, and add up to the margin", async () => {
    const model = await trained(given);
    const out = new Float64Array(8);
    const some = [...rowsOf(data)].slice(0, 5);
    for (const row of some) {
      const base = model.contributions(row, out);
      const wanted = shapleyByDefinition(model.trees, row);
      for (let j = 0; j < 8; j++) expect(out[j]).toBeCloseTo(wanted[j], 4);
      expect(base + out.reduce((a, b) => a + b)).toBeCloseTo(model.margin(row), 9);
    }
    // What was asked before changes nothing, and asking for reasons changes no score.
    const first = model.margin(some[0]);
    model.contributions(some[1], out);
    expect(model.margin(some[0])).toBe(first);
  });
});

test("paths of more than eight distinct columns are explained as exactly", async () => {
  const columns = Array.from({ length: 12 }, (_, j) => ({ name: `x${j}`, type: "number" as const }));
  const rows = 3000;
  let state = 1;
  const chance = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = columns.map(() => Float64Array.from({ length: rows }, chance));
  const label = Uint8Array.from({ length: rows }, (_, i) =>
    Number(values.reduce((sum, v) => sum + Number(v[i] > 0.5), 0) % 3 === 0),
  );
  const params = readParams({ ...defaults, rounds: 3, depth: 12, minWeight: 0.05, l2: 0 });
  const model = gbdtModel(columns, (await growTrees({ columns, rows, values, label }, params, { seed: 1 })).trees);
  const out = new Float64Array(12);
  for (const i of [0, 1]) {
    const row = Float64Array.from(values, (v) => v[i]);
    model.contributions(row, out);
    shapleyByDefinition(model.trees, row).forEach((wanted, j) => {
      expect(out[j]).toBeCloseTo(wanted, 4);
    });
  }
});

test("the float above a float is the next one", () => {
  expect(nextFloat(1)).toBe(1 + 2 ** -23);
  expect(nextFloat(0)).toBe(2 ** -149);
  expect(nextFloat(-0)).toBe(2 ** -149);
  expect(nextFloat(-1)).toBe(-1 + 2 ** -24);
  expect(nextFloat(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(nextFloat(Number.NEGATIVE_INFINITY)).toBe(-3.4028234663852886e38);
});

test("Gauss–Legendre with n points integrates t^k exactly up to k = 2n − 1", () => {
  for (const n of [4, 8])
    for (let k = 0; k < 2 * n; k++)
      expect(gaussLegendre(n).reduce((sum, { at, weight }) => sum + weight * at ** k, 0)).toBeCloseTo(1 / (k + 1), 12);
});
