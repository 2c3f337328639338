import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { auc } from "../../../models/metrics/auc.ts";
import type { Dataset } from "../../../models/model.ts";
import { openBackend } from "../../../models/net/backend.ts";
import { net } from "../../../models/net/net.ts";
import { layerSizes, type NetModel, netModel } from "../../../models/net/net-model.ts";
import { createRandom } from "../../../models/random.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";
import { aTable, rowsOf } from "../../support/rows.ts";

const small = { ...net.defaults, first: 8, second: 4, epochs: 12 };
learnerKeepsItsPromises(net, { params: small });

test("two columns that only act together: the net sees it, and the reasons still add up", async () => {
  const random = createRandom(3);
  const make = (rows: number): Dataset => {
    const values = [0, 1].map(() => Float64Array.from({ length: rows }, () => random.normal()));
    const label = Uint8Array.from({ length: rows }, (_, i) => Number(values[0][i] * values[1][i] > 0));
    return { columns: ["a", "b"].map((name) => ({ name, type: "number" })), rows, values, label };
  };
  const [fit, unseen] = [make(2000), make(500)];
  const model = await net.fit(fit, { ...net.defaults, epochs: 25 }, { seed: 1 });
  expect(auc(model.margins(unseen.values, unseen.rows), unseen.label)).toBeGreaterThan(0.97);
});

test("a net by hand: 2 · relu(x − 1) − 1 from the average row 0 to 3 climbs 4, from −1 to 3", () => {
  const layers = {
    ...{ width: 1, first: 1, second: 1 },
    w1: Float32Array.of(1),
    b1: Float32Array.of(-1),
    w2: Float32Array.of(1),
    b2: Float32Array.of(0),
    w3: Float32Array.of(2),
    straight: Float32Array.of(0),
    b3: Float32Array.of(-1),
  };
  const basis = {
    type: "number",
    log: 0,
    low: -10,
    high: 10,
    centre: 0,
    spread: 1,
    knots: [],
    missing: false,
  } as const;
  const model = netModel([{ name: "x", type: "number" }], { bases: [basis], means: new Float64Array(2) }, layers);
  const out = new Float64Array(1);
  expect([
    model.margin(Float64Array.of(3)),
    model.margin(Float64Array.of(0)),
    model.margin(Float64Array.of(Number.NaN)),
  ]).toEqual([3, -1, -1]);
  expect(model.contributions(Float64Array.of(3), out)).toBe(-1);
  expect(out[0]).toBe(4);
});

/** A net of random weights over one number column a place: nothing about it is nice. */
function wildNet(seed: number, width: number): NetModel {
  const random = createRandom(seed);
  const [first, second] = [7, 5];
  const sizes = layerSizes(width, first, second);
  const wild = (name: keyof typeof sizes) => Float32Array.from({ length: sizes[name] }, () => random.normal());
  const layers = {
    ...{ width, first, second, w1: wild("w1"), b1: wild("b1"), w2: wild("w2") },
    ...{ b2: wild("b2"), w3: wild("w3"), straight: wild("straight"), b3: wild("b3") },
  };
  const basis = { type: "number", log: 0, low: -9, high: 9, centre: 0, spread: 1, knots: [], missing: false } as const;
  const columns = Array.from({ length: width }, (_, j) => ({ name: `c${j}`, type: "number" as const }));
  return netModel(columns, { bases: columns.map(() => basis), means: new Float64Array(width + 1) }, layers);
}

test("contributions are integrated gradients: what ten thousand small steps from the average row add up to", () => {
  const model = wildNet(11, 3);
  const row = Float64Array.of(1.3, -0.7, 2.1);
  const out = new Float64Array(3);
  model.contributions(row, out);
  const steps = 10_000;
  const sums = [0, 0, 0];
  const point = new Float64Array(3);
  for (let s = 0; s < steps; s++)
    for (let j = 0; j < 3; j++) {
      const at = (nudge: number) => {
        for (let k = 0; k < 3; k++) point[k] = row[k] * ((s + 0.5) / steps) + (k === j ? nudge : 0);
        return model.margin(point);
      };
      sums[j] += ((at(1e-6) - at(-1e-6)) / 2e-6 / steps) * row[j];
    }
  for (let j = 0; j < 3; j++) expect(out[j]).toBeCloseTo(sums[j], 2);
});

test("whatever the weights and the row, base and contributions are the margin", () => {
  const cell = fc.double({ min: -9, max: 9, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), fc.array(cell, { minLength: 4, maxLength: 4 }), (seed, cells) => {
      const model = wildNet(seed, 4);
      const row = Float64Array.from(cells);
      const out = new Float64Array(4);
      const base = model.contributions(row, out);
      expect(out.reduce((sum, c) => sum + c, base)).toBeCloseTo(model.margin(row), 8);
    }),
  );
});

test("the average row is the base: nothing moves it", async () => {
  const model = await net.fit(aTable(), small, { seed: 1 });
  const out = new Float64Array(5);
  const [one] = rowsOf(aTable(1));
  const base = model.contributions(one, out);
  expect(model.contributions(Float64Array.of(...one.slice(0, 4), 99), out)).toBe(base);
});

test("training stops when the choosing rows gain nothing, and folds settle on the epochs that were best for all", async () => {
  const [data, choose] = [aTable(300, 1), aTable(300, 2)];
  const model = (await net.fit(data, { ...net.defaults, rate: 0.03, patience: 3 }, { seed: 1, choose })) as NetModel;
  const losses = model.losses ?? [];
  expect(losses.length).toBeLessThan(net.defaults.epochs);
  expect(losses.indexOf(Math.min(...losses))).toBe(losses.length - 4);
  const path = (list: number[]) => ({ ...model, losses: list }) as NetModel;
  const settled = net.settle?.(net.defaults, [path([3, 2, 1, 2]), path([5, 1, 4])]);
  expect(settled?.epochs).toBe(2);
});

test("rows that weigh nothing to speak of teach nothing", async () => {
  const data = aTable(400);
  const weight = Float64Array.from({ length: 400 }, (_, i) => (i % 2 ? 1 : 1e-9));
  const turned = { ...data, weight, label: data.label.map((one, i) => (i % 2 ? one : 1 - one)) };
  const model = await net.fit(turned, small, { seed: 1 });
  expect(auc(model.margins(data.values, 400), data.label)).toBeGreaterThan(0.7);
});

test("no tensor is left behind, also when the work is stopped half way", async () => {
  const { tf } = await openBackend();
  const before = tf.memory().numTensors;
  const data = aTable();
  await net.fit(data, small, { seed: 1, choose: data });
  const stop = new AbortController();
  const work = net.fit(data, small, { seed: 1, signal: stop.signal, onProgress: () => stop.abort() });
  await expect(work).rejects.toThrow("aborted");
  expect(tf.memory().numTensors).toBe(before);
});

test("scoring a net opens no TensorFlow.js", () => {
  for (const file of ["net-model.ts", "path-gradient.ts"]) {
    const imports = readFileSync(new URL(`../../../models/net/${file}`, import.meta.url), "utf8").match(/from ".*"/g);
    expect(imports?.filter((line) => /tensorflow|backend|\/net\.ts/.test(line))).toEqual([]);
  }
});
