import { describe, expect, test } from "vitest";
import { logistic as toProbability } from "../../models/math/logistic.ts";
import { logLoss } from "../../models/metrics/log-loss.ts";
import { type Dataset, type Learner, type Model, takeRows } from "../../models/model.ts";
import { aTable, rowsOf } from "../support/rows.ts";

/**
 * The promises every learner keeps. One line in a learner's own test file runs them all.
 * `given.params` are parameters that fit quickly.
 */
export function learnerKeepsItsPromises<Params>(
  learner: Learner<Params>,
  given: { readonly params?: Params; readonly tolerance?: number } = {},
): void {
  const params = given.params ?? learner.defaults;
  const tolerance = given.tolerance ?? 1e-9;
  const data = aTable();
  const fitted = (rows: Dataset = data, seed = 7) => learner.fit(rows, params, { seed });
  const restore = (model: Model) => {
    const { kind, meta, blobs } = model.save();
    return learner.load(model.columns, { kind, meta: JSON.parse(JSON.stringify(meta)), ...(blobs && { blobs }) });
  };
  const saved = (model: Model) => JSON.stringify(model.save(), (_, v) => (v instanceof Uint8Array ? [...v] : v));

  describe(`the learner ${learner.kind}`, () => {
    test("same rows, parameters and seed give the same model", async () => {
      expect(saved(await fitted())).toBe(saved(await fitted()));
    });

    test("saving and loading changes no bit of any answer", async () => {
      const model = await fitted();
      const again = restore(model);
      expect(again.kind).toBe(learner.kind);
      expect(saved(again)).toBe(saved(model));
      const out = new Float64Array(data.columns.length);
      const outAgain = new Float64Array(data.columns.length);
      for (const row of rowsOf(data)) {
        expect(again.margin(row)).toBe(model.margin(row));
        expect(again.contributions(row, outAgain)).toBe(model.contributions(row, out));
        expect(outAgain).toEqual(out);
      }
    });

    test("fitting leaves the rows as they were", async () => {
      const before = structuredClone({ values: data.values, label: data.label });
      await learner.fit(data, params, { seed: 7, choose: data });
      expect({ values: data.values, label: data.label }).toEqual(before);
    });

    test("many rows at once answer what each row answers, bit for bit, from doubles and from floats", async () => {
      const model = await fitted();
      expect([...model.margins(data.values, data.rows)]).toEqual([...rowsOf(data)].map((row) => model.margin(row)));
      const floats = { ...data, values: data.values.map((column) => Float32Array.from(column)) };
      expect([...model.margins(floats.values, data.rows)]).toEqual([...rowsOf(floats)].map((r) => model.margin(r)));
    });

    test("the base and the contributions add up to the margin", async () => {
      const model = await fitted();
      const out = new Float64Array(data.columns.length);
      for (const row of rowsOf(data)) {
        const base = model.contributions(row, out);
        expect(Math.abs(base + out.reduce((sum, c) => sum + c, 0) - model.margin(row))).toBeLessThan(tolerance);
      }
    });

    test("a row, or a state, of other columns is refused", async () => {
      const model = await fitted();
      expect(() => model.margin(new Float64Array(data.columns.length + 1))).toThrow();
      expect(() => model.margins(data.values.slice(1), data.rows)).toThrow();
      expect(() => model.contributions(new Float64Array(1), new Float64Array(1))).toThrow();
      expect(() => learner.load(data.columns.slice(1), model.save())).toThrow();
      expect(() => learner.load(data.columns, { kind: "another", meta: {} })).toThrow();
    });

    test("a value may be missing everywhere, in training and in the row, and the answer is a number", async () => {
      const empty = { ...data, values: data.values.map((column) => column.map(() => Number.NaN)) };
      for (const model of [await fitted(), await fitted(empty)])
        expect(Number.isFinite(model.margin(new Float64Array(data.columns.length).fill(Number.NaN)))).toBe(true);
    });

    test("values beyond all that was seen give finite answers", async () => {
      const model = await fitted();
      for (const value of [1e300, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3, 1e-300])
        expect(Number.isFinite(model.margin(new Float64Array(data.columns.length).fill(value)))).toBe(true);
    });

    test("one column is enough, and a constant column does no harm", async () => {
      const one = { ...data, columns: data.columns.slice(0, 1), values: data.values.slice(0, 1) };
      const still = { ...one, values: [new Float64Array(data.rows).fill(3)] };
      expect(Number.isFinite((await fitted(one)).margin(Float64Array.of(30)))).toBe(true);
      const model = await fitted(still);
      expect(model.margin(Float64Array.of(3))).toBeCloseTo(model.margin(Float64Array.of(99)), 9);
    });

    test("a choosing part may be given, and what it learns is no worse than saying the base rate", async () => {
      const even = takeRows(
        data,
        Uint32Array.from({ length: data.rows / 2 }, (_, i) => 2 * i),
      );
      const odd = takeRows(
        data,
        Uint32Array.from({ length: data.rows / 2 }, (_, i) => 2 * i + 1),
      );
      const model = await learner.fit(even, params, { seed: 7, choose: odd });
      const base = even.label.reduce((sum, one) => sum + one, 0) / even.rows;
      const said = model.margins(odd.values, odd.rows).map(toProbability);
      expect(logLoss(said, odd.label)).toBeLessThan(
        logLoss(
          said.map(() => base),
          odd.label,
        ) + 0.01,
      );
    });

    test("progress rises to 1, and a fired signal stops the work with its reason", async () => {
      const seen: number[] = [];
      await learner.fit(data, params, { seed: 7, choose: data, onProgress: (done) => seen.push(done) });
      expect(seen.at(-1)).toBe(1);
      expect([...seen].sort((a, b) => a - b)).toEqual(seen);
      const reason = new Error("enough");
      await expect(learner.fit(data, params, { seed: 7, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
}
