import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auc } from "../../../models/metrics/auc.ts";
import type { Column, Dataset } from "../../../models/model.ts";
import { openBackend } from "../../../models/net/backend.ts";
import { logistic } from "../../../models/net/logistic.ts";
import type { LogisticModel } from "../../../models/net/logistic-model.ts";
import { createRandom } from "../../../models/random.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";
import { aTable } from "../../support/rows.ts";

learnerKeepsItsPromises(logistic, { params: { ...logistic.defaults, knots: [0, 3], lambdas: [30, 3] } });

const golden = JSON.parse(
  readFileSync(new URL("../../fixtures/metrics/golden.json", import.meta.url), "utf8"),
).logistic;
const straight = (lambda: number) => ({ ...logistic.defaults, knots: [0], lambdas: [lambda] });

describe("against scikit-learn", () => {
  const columns: Column[] = ["a", "b", "c"].map((name) => ({ name, type: "number" }));
  const values = (golden.columns as number[][]).map((column) => Float64Array.from(column));
  const data: Dataset = { columns, rows: golden.label.length, values, label: Uint8Array.from(golden.label) };
  const furthest = (a: Float64Array, b: number[]) => Math.max(...b.map((m, i) => Math.abs(m - a[i])));

  test("the same ridge regression gives the same log-odds", async () => {
    const model = await logistic.fit(data, straight(golden.lambda), { seed: 1 });
    expect(furthest(model.margins(values, data.rows), golden.margins)).toBeLessThan(1e-4);
  });

  test("rows count by their weight", async () => {
    const weighted = { ...data, weight: Float64Array.from(golden.weight as number[]) };
    const model = await logistic.fit(weighted, straight(golden.lambda), { seed: 1 });
    // The golden rows are standardised without weights, as ours are.
    expect(furthest(model.margins(values, data.rows), golden.weighted)).toBeLessThan(1e-4);
  });
});

test("a weight of two is the row twice", async () => {
  const once = aTable(120);
  const twice = (list: Float64Array) => Float64Array.from({ length: 240 }, (_, i) => list[i >> 1]);
  const doubled: Dataset = {
    ...once,
    rows: 240,
    values: once.values.map((column) => twice(column as Float64Array)),
    label: Uint8Array.from({ length: 240 }, (_, i) => once.label[i >> 1]),
  };
  // Levels are counted in rows, so the floor for rare ones is doubled too.
  const a = await logistic.fit({ ...once, weight: new Float64Array(120).fill(2) }, straight(1), { seed: 1 });
  const b = await logistic.fit(doubled, { ...straight(1), rareRows: 20 }, { seed: 1 });
  const [x, y] = [a.margins(once.values, 120), b.margins(once.values, 120)];
  for (let i = 0; i < 120; i++) expect(x[i]).toBeCloseTo(y[i], 1);
});

test("bends are chosen where the truth bends, and straight lines where it does not", async () => {
  const random = createRandom(3);
  const make = (truth: (x: number) => number): Dataset => {
    const x = Float64Array.from({ length: 2000 }, () => random.normal());
    const label = Uint8Array.from(x, (v) => (random.next() < 1 / (1 + Math.exp(-truth(v))) ? 1 : 0));
    return { columns: [{ name: "x", type: "number" }], rows: 2000, values: [x], label };
  };
  const bent = (x: number) => 2 * x * x - 2;
  const model = await logistic.fit(make(bent), logistic.defaults, { seed: 1, choose: make(bent) });
  expect((model as LogisticModel).choice.knots).toBe(8);
  const unseen = make(bent);
  expect(auc(model.margins(unseen.values, unseen.rows), unseen.label)).toBeGreaterThan(0.8);
});

test("contributions are relative to the average row: over the rows that fit they are nothing on average", async () => {
  const data = aTable();
  const model = await logistic.fit(data, { ...logistic.defaults, knots: [3] }, { seed: 1 });
  const sum = new Float64Array(data.columns.length);
  const out = new Float64Array(data.columns.length);
  for (let i = 0; i < data.rows; i++) {
    model.contributions(
      Float64Array.from(data.values, (column) => column[i]),
      out,
    );
    for (let j = 0; j < sum.length; j++) sum[j] += out[j] / data.rows;
  }
  for (const mean of sum) expect(mean).toBeCloseTo(0, 9);
});

test("the margin is the base and the contributions added in order, to the last bit", async () => {
  const model = await logistic.fit(aTable(), { ...logistic.defaults, knots: [3] }, { seed: 1 });
  const out = new Float64Array(5);
  const cell = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.integer({ min: -2, max: 100 }));
  fc.assert(
    fc.property(fc.array(cell, { minLength: 5, maxLength: 5 }), (cells) => {
      const row = Float64Array.from(cells);
      const base = model.contributions(row, out);
      expect(out.reduce((sum, c) => sum + c, base)).toBe(model.margin(row));
    }),
  );
});

test("no tensor is left behind, also when the work is stopped half way", async () => {
  const { tf } = await openBackend();
  const before = tf.memory().numTensors;
  const data = aTable();
  await logistic.fit(data, logistic.defaults, { seed: 1, choose: data });
  const stop = new AbortController();
  const work = logistic.fit(data, logistic.defaults, {
    seed: 1,
    choose: data,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(work).rejects.toThrow("aborted");
  expect(tf.memory().numTensors).toBe(before);
});

test("the backend says where the numbers were made", async () => {
  expect((await openBackend()).name).toMatch(/^tfjs(-node| wasm| js) \d+\.\d+\.\d+$/);
  expect((await logistic.fit(aTable(100), straight(1), { seed: 1 })).backend).toMatch(/^tfjs/);
});

test("loading a model opens no TensorFlow.js", () => {
  const texts = ["models/load.ts", "models/net/logistic-model.ts", "models/constant/constant.ts", "models/refuse.ts"];
  for (const file of texts) {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
    expect(text).not.toMatch(/tensorflow|backend\.ts|logistic\.ts";\nimport.*net\/logistic\.ts/);
  }
});
