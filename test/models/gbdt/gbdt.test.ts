import { describe, expect, test } from "vitest";
import { gbdt, growTrees } from "../../../models/gbdt/gbdt.ts";
import { createMemory } from "../../../models/gbdt/memory.ts";
import type { GbdtModel } from "../../../models/gbdt/model.ts";
import { defaults, type GbdtParams } from "../../../models/gbdt/params.ts";
import { treeCount } from "../../../models/gbdt/trees.ts";
import { loadModel } from "../../../models/load.ts";
import { logistic } from "../../../models/math/logistic.ts";
import { logLoss } from "../../../models/metrics/log-loss.ts";
import { type Dataset, takeRows } from "../../../models/model.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";
import { rowsOf } from "../../support/rows.ts";
import { aWildTable } from "./tables.ts";

const few: GbdtParams = { ...defaults, rounds: 20, tries: [] };
learnerKeepsItsPromises(gbdt, { params: few });

const trained = async (data: Dataset, given: Partial<GbdtParams> = {}, more: object = {}) =>
  (await gbdt.fit(data, { ...few, ...given }, { seed: 7, ...more })) as GbdtModel;
const bytesOf = (model: GbdtModel) => Buffer.from(model.save().blobs?.trees ?? []);
const rangeOf = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);

test("a model is the same bytes for one, two and three threads, rows and columns drawn or not", async () => {
  const data = aWildTable(90_001, 5, true);
  for (const given of [
    { rounds: 3 },
    { rounds: 3, rowShare: 0.5, columnShare: 0.7, growth: "leaf" as const, leaves: 12 },
  ]) {
    const alone = bytesOf(await trained(data, given));
    for (const threads of [2, 3]) expect(bytesOf(await trained(data, { ...given, threads })).equals(alone)).toBe(true);
  }
});

describe("with rows for choosing", () => {
  const data = aWildTable(3000, 9);
  const [train, choose] = [takeRows(data, rangeOf(0, 1000)), takeRows(data, rangeOf(1000, 3000))];

  test("training stops after `patience` rounds without a better log loss, and keeps the trees that were best", async () => {
    const model = await trained(train, { rounds: 400, patience: 5, shrinkage: 0.3 }, { choose });
    const losses = model.paths?.[0].losses ?? [];
    const kept = losses.indexOf(Math.min(...losses)) + 1;
    expect(treeCount(model.trees)).toBe(kept);
    expect(losses.length).toBe(kept + 5);
    const said = model.margins(choose.values, choose.rows).map(logistic);
    expect(logLoss(said, choose.label)).toBeCloseTo(losses[kept - 1], 12);
  });

  test("the trees that are kept are those that as many rounds alone would give", async () => {
    const chosen = await trained(train, { rounds: 30, patience: 0 }, { choose });
    const alone = await trained(train, { rounds: treeCount(chosen.trees) });
    expect(bytesOf(chosen).equals(bytesOf(alone))).toBe(true);
  });

  test("folds settle on the try and the number of rounds that were best on average", () => {
    const [slow, quick] = [{ depth: 3 }, { depth: 6 }];
    const fold = (...losses: number[][]) =>
      ({ paths: [slow, quick].map((trial, k) => ({ trial, losses: losses[k] })) }) as unknown as GbdtModel;
    const settled = gbdt.settle?.(few, [fold([0.6, 0.5], [0.6, 0.5, 0.4, 0.45]), fold([0.5, 0.4], [0.6, 0.3, 0.35])]);
    // Sums of the quick try: 1.2, 0.8, 0.75, 0.8; of the slow one: 1.1, 0.9.
    expect(settled).toEqual({ ...few, depth: 6, rounds: 3, tries: [] });
  });

  test("of several tries the one of least log loss is kept, and more rows than cells to try are fitted once", async () => {
    const tries = [{ depth: 1 }, { depth: 5 }];
    const model = await trained(train, { tries }, { choose });
    const leasts = model.paths?.map(({ losses }) => Math.min(...losses)) ?? [];
    const best = await trained(train, tries[leasts[1] < leasts[0] ? 1 : 0], { choose });
    expect(bytesOf(model).equals(bytesOf(best))).toBe(true);
    const large = aWildTable(130_000, 1);
    expect((await trained(large, { tries, rounds: 1 }, { choose })).paths?.length).toBe(1);
  });
});

test("a row of weight 3 is worth three rows", async () => {
  const wild = aWildTable(500, 4);
  // Columns of few values only: their cuts do not move when rows are repeated.
  const pick = [1, 3, 5];
  const data = { ...wild, columns: pick.map((j) => wild.columns[j]), values: pick.map((j) => wild.values[j]) };
  const weight = Float64Array.from({ length: 500 }, (_, i) => 1 + (i % 3));
  const copies = takeRows(data, Uint32Array.from([...weight].flatMap((w, i) => Array<number>(w).fill(i))));
  const weighted = (await trained({ ...data, weight }, { rounds: 5 })).margins(data.values, data.rows);
  const repeated = (await trained(copies, { rounds: 5 })).margins(data.values, data.rows);
  for (let i = 0; i < 500; i++) expect(weighted[i]).toBeCloseTo(repeated[i], 4);
});

test("more of a rising column never lowers the score, more of a falling one never raises it", async () => {
  const data = aWildTable(1500, 2);
  const model = await trained(data, { monotone: { smooth: 1, heavy: -1 }, rounds: 30 });
  for (const row of [...rowsOf(data)].slice(0, 60))
    for (const [column, direction, steps] of [
      [0, 1, [-9, -2, -1, -0.3, 0, 0.2, 0.8, 2, 9]],
      [2, -1, [-1e30, 0.01, 0.1, 1, 10, 100, 1e6, Number.POSITIVE_INFINITY]],
    ] as const) {
      const margins = steps.map((value) => model.margin(row.with(column, value)));
      for (let i = 1; i < margins.length; i++)
        expect(direction * (margins[i] - margins[i - 1])).toBeGreaterThanOrEqual(0);
    }
  const free = await trained(data, { rounds: 30 });
  expect(free.margins(data.values, data.rows)).not.toEqual(model.margins(data.values, data.rows));
});

test("a column of which only its absence tells is used", async () => {
  const rows = 400;
  const label = Uint8Array.from({ length: rows }, (_, i) => i % 2);
  const value = Float64Array.from(label, (one) => (one ? Number.NaN : 5));
  const model = await trained({ columns: [{ name: "x", type: "number" }], rows, values: [value], label });
  expect(model.margin(Float64Array.of(Number.NaN))).toBeGreaterThan(1);
  expect(model.margin(Float64Array.of(5))).toBeLessThan(-1);
  expect(model.margin(Float64Array.of(Number.POSITIVE_INFINITY))).toBe(model.margin(Float64Array.of(5)));
});

test("a hundred thousand categories share the bins, and the frequent ones keep their own", async () => {
  const rows = 4000;
  const categories = Array.from({ length: 100_000 }, (_, k) => `c${k}`);
  const level = Float64Array.from({ length: rows }, (_, i) => (i % 4 === 0 ? 7 : (i * 7919) % 100_000));
  const label = Uint8Array.from(level, (k) => Number(k === 7));
  const model = await trained({ columns: [{ name: "c", type: "category", categories }], rows, values: [level], label });
  expect(model.margin(Float64Array.of(7))).toBeGreaterThan(1);
  expect(model.margin(Float64Array.of(8))).toBeLessThan(-1);
});

test("columns without a value, or with one only, change no answer", async () => {
  const data = aWildTable(800, 12);
  const dull = [Number.NaN, 4, Number.POSITIVE_INFINITY].map((value) => new Float64Array(800).fill(value));
  const columns = dull.map((_, k) => ({ name: `dull ${k}`, type: "number" as const }));
  const more = { ...data, columns: [...columns, ...data.columns], values: [...dull, ...data.values] };
  const without = (await trained(data)).margins(data.values, data.rows);
  expect((await trained(more)).margins(more.values, more.rows)).toEqual(without);
});

test("of nothing but such columns comes the base rate, with one row of each class added", async () => {
  const label = Uint8Array.of(1, 0, 0, 0, 0, 0);
  const values = [new Float64Array(6).fill(Number.NaN), new Float64Array(6).fill(4)];
  const columns = values.map((_, k) => ({ name: `dull ${k}`, type: "number" as const }));
  const model = await trained({ columns, rows: 6, values, label });
  expect(treeCount(model.trees)).toBe(0);
  // (1 + 1) / (6 + 2)
  expect(logistic(model.margin(Float64Array.of(1, 2)))).toBeCloseTo(1 / 4, 6);
});

test("a category that training has not seen is as good as missing", async () => {
  const data = aWildTable(800, 12);
  const model = await trained(data);
  const [row] = [...rowsOf(data)];
  // Shop 5 is declared, and no row has it; shop 99 is not even declared.
  const missing = model.margin(row.with(5, Number.NaN));
  expect([5, 99].map((shop) => model.margin(row.with(5, shop)))).toEqual([missing, missing]);
  expect(model.margin(row.with(5, 2))).not.toBe(missing);
});

describe("refuses, and says why", () => {
  const data = aWildTable(60, 1);
  test.each<[string, Partial<GbdtParams>, RegExp]>([
    ["a depth of 16", { depth: 16 }, /depth must be a whole number from 1 to 15, found 16/],
    ["a shrinkage of 0", { shrinkage: 0 }, /shrinkage must be a number above 0 to 1, found 0/],
    ["a NaN", { l2: Number.NaN }, /l2/],
    ["a monotone column that is not there", { monotone: { colour: 1 } }, /"colour"/],
    ["a monotone category", { monotone: { shop: 1 } }, /"shop", whose categories have no order/],
  ])("%s", async (_name, given, message) => {
    await expect(trained(data, given)).rejects.toThrow(message);
  });

  test("labels other than 0 and 1, and weights that are not positive", async () => {
    await expect(trained({ ...data, label: data.label.map(() => 2) })).rejects.toThrow(
      "labels are 0 or 1, found 2 in row 0",
    );
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(trained({ ...data, weight: new Float64Array(60).fill(1).with(3, bad) })).rejects.toThrow(
        `found ${bad} in row 3`,
      );
  });

  test("more cells than can be addressed, before a byte is taken", () => {
    const shape = {
      rows: 30e6,
      columns: 80,
      wide: 80,
      chooseRows: 0,
      threads: 1,
      slots: 34,
      nodes: 128,
      weighted: false,
    };
    expect(() => createMemory(shape)).toThrow(/^gbdt: 30000000 rows of 80 columns need \d\.\d GiB, and 4 GiB is all/);
  });

  test("a training stopped half-way ends with the signal's reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const onProgress = (done: number) => {
      if (done >= 0.5) stop.abort(reason);
    };
    await expect(growTrees(data, few, { seed: 1, signal: stop.signal, onProgress })).rejects.toBe(reason);
  });

  test("a state cut short, altered, of a newer format or of other columns", async () => {
    const model = await trained(data, { rounds: 3 });
    const saved = model.save();
    const bytes = bytesOf(model);
    const load = (trees: Uint8Array) => () => loadModel("gbdt", data.columns, { ...saved, blobs: { trees } });
    expect(load(bytes)().kind).toBe("gbdt");
    for (let length = 0; length < bytes.length; length += 37)
      expect(load(bytes.subarray(0, length))).toThrow(TypeError);
    expect(load(Buffer.concat([bytes, Buffer.alloc(4)]))).toThrow(/wanted \d+ bytes of trees/);
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(2, 4);
    expect(load(newer)).toThrow("wanted trees of format 1, found 2");
    expect(() => loadModel("gbdt", data.columns.slice(1), saved)).toThrow("saved for 8 columns, found 7");
    // A child that points at its own parent would never end.
    const loop = Buffer.from(bytes);
    const nodes = loop.readUInt32LE(12);
    const left = 24 + 4 + 4 * 4 + 4 * nodes + 4 * nodes;
    loop.writeUInt32LE(0, left);
    expect(load(loop)).toThrow("node 0 leads out of its tree");
  });
});
