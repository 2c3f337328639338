import fc from "fast-check";
import { expect, test } from "vitest";
import { blendOf } from "../../../models/blend/blend.ts";
import { type BlendModel, blendModel } from "../../../models/blend/blend-model.ts";
import { blendMargins, fitBlendWeights } from "../../../models/blend/fit-weights.ts";
import { constant } from "../../../models/constant/constant.ts";
import { gbdt } from "../../../models/gbdt/gbdt.ts";
import { loadModel } from "../../../models/load.ts";
import { logistic as toProbability } from "../../../models/math/logistic.ts";
import { logLoss } from "../../../models/metrics/log-loss.ts";
import type { Learner, Model } from "../../../models/model.ts";
import { logistic } from "../../../models/net/logistic.ts";
import { createRandom } from "../../../models/random.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";
import { aTable, rowsOf } from "../../support/rows.ts";

const members = [gbdt, logistic] as unknown as Learner<unknown>[];
const blend = blendOf(members);
const params = {
  members: [
    { ...gbdt.defaults, rounds: 10, minWeight: 3 },
    { ...logistic.defaults, knots: [0], lambdas: [10] },
  ],
};
learnerKeepsItsPromises(blend, { params });

/** A model that says one number, whatever the row. */
const saying = (margin: number): Model => ({
  kind: "constant",
  columns: [{ name: "x", type: "number" }],
  margin: () => margin,
  margins: (_, rows) => new Float64Array(rows).fill(margin),
  contributions: (_, out) => {
    out[0] = margin - 1;
    return 1;
  },
  save: () => ({ kind: "constant", meta: {} }),
});

test("by hand: 0.5 · 4 + 0.25 · (−2) + 1 = 2.5, and so do base and reasons", () => {
  const of = [
    { model: saying(4), weight: 0.5 },
    { model: saying(-2), weight: 0.25 },
  ];
  const model = blendModel([{ name: "x", type: "number" }], of, 1);
  const out = new Float64Array(1);
  expect(model.margin(Float64Array.of(0))).toBe(2.5);
  expect([...model.margins([new Float64Array(2)], 2)]).toEqual([2.5, 2.5]);
  expect(model.contributions(Float64Array.of(0), out)).toBe(1.75);
  expect(out[0]).toBe(0.75);
});

test("models of other columns, weights below 0 and a blend of nothing are refused", () => {
  const columns = [{ name: "x", type: "number" }] as const;
  expect(() => blendModel(columns, [])).toThrow("at least one model");
  expect(() => blendModel(columns, [{ model: saying(1), weight: -0.1 }])).toThrow("weights from 0");
  expect(() => blendModel([{ name: "y", type: "number" }], [{ model: saying(1), weight: 1 }])).toThrow(
    "same 1 columns",
  );
});

test("a stored blend wakes up by its members' kinds, and one that lost a blob is refused", async () => {
  const data = aTable(200);
  const model = await blend.fit(data, params, { seed: 1 });
  const state = model.save();
  const again = loadModel("blend", data.columns, state);
  for (const row of rowsOf(data)) expect(again.margin(row)).toBe(model.margin(row));
  expect(() => loadModel("blend", data.columns, { ...state, blobs: {} })).toThrow("found none");
  const nested = blendModel(data.columns, [{ model, weight: 2 }], 0.5);
  const [row] = rowsOf(data);
  expect(loadModel("blend", data.columns, nested.save()).margin(row)).toBe(nested.margin(row));
});

test("the truth outweighs noise, and a member against the truth gets nothing", () => {
  const random = createRandom(5);
  const draw = () => Float64Array.from({ length: 4000 }, () => 2 * random.normal());
  const [truth, noise] = [draw(), draw()];
  const label = Uint8Array.from(truth, (z) => (random.next() < toProbability(z) ? 1 : 0));
  const { weights, intercept } = fitBlendWeights([truth, noise, truth.map((z) => -z)], label);
  expect(weights[0]).toBeCloseTo(1, 0);
  expect(weights[1]).toBeLessThan(0.1);
  expect(weights[2]).toBe(0);
  expect(intercept).toBeCloseTo(0, 0);
});

test("the harder the pull, the nearer the weights to equal shares", () => {
  const random = createRandom(6);
  const draw = () => Float64Array.from({ length: 2000 }, () => random.normal());
  const margins = [draw(), draw()];
  const label = Uint8Array.from(margins[0], (z) => (random.next() < toProbability(z) ? 1 : 0));
  const [free, pulled, tied] = [0, 0.1, 1e6].map((pull) => fitBlendWeights(margins, label, { pull }).weights);
  expect(free[0]).toBeGreaterThan(0.85);
  expect(pulled[0]).toBeLessThan(free[0]);
  expect(pulled[0]).toBeGreaterThan(0.6);
  expect(tied[0]).toBeCloseTo(0.5, 3);
  expect(tied[1]).toBeCloseTo(0.5, 3);
});

test("weights are never below 0, and on their own rows no worse than any member alone", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), (seed) => {
      const random = createRandom(seed);
      const margins = Array.from({ length: 3 }, () => Float64Array.from({ length: 80 }, () => random.normal()));
      const label = Uint8Array.from({ length: 80 }, (_, i) => (random.next() < toProbability(margins[0][i]) ? 1 : 0));
      const found = fitBlendWeights(margins, label);
      const lossOf = (z: Float64Array) => logLoss(z.map(toProbability), label);
      for (const weight of found.weights) expect(weight).toBeGreaterThanOrEqual(0);
      const own = lossOf(blendMargins(margins, found));
      for (const margin of margins) expect(own).toBeLessThanOrEqual(lossOf(margin) + 1e-9);
    }),
    { numRuns: 30 },
  );
});

test("folds settle on their mean weights, each member on its own terms", async () => {
  const [data, choose] = [aTable(300, 1), aTable(300, 2)];
  const models = [
    await blend.fit(data, params, { seed: 1, choose }),
    await blend.fit(choose, params, { seed: 1, choose: data }),
  ] as BlendModel[];
  const settled = blend.settle?.(params, models);
  expect(settled?.known?.weights[0]).toBeCloseTo((models[0].members[0].weight + models[1].members[0].weight) / 2, 12);
  expect(settled?.members[1]).toMatchObject({ lambdas: [10] });
});

test("a member that is no learner of the blend is not woken up by it", async () => {
  const model = await constant.fit(aTable(60), constant.defaults, { seed: 1 });
  const state = blendModel(model.columns, [{ model, weight: 1 }]).save();
  expect(() => blend.load(model.columns, state)).toThrow("found a constant in it");
});
