import { expect, test } from "vitest";
import { calibrate } from "../../../models/calibrate/calibration.ts";
import { auc } from "../../../models/metrics/auc.ts";
import { type Dataset, takeRows } from "../../../models/model.ts";
import { createRandom } from "../../../models/random.ts";
import type { PortraitError } from "../../../src/errors.ts";
import { checkArtifact, manifestBytes, modelOf } from "../../../src/scoring/artifact-bytes.ts";
import { learn } from "../../../training/learn/learn.ts";
import { renderReport } from "../../../training/learn/report.ts";
import { toArtifact } from "../../../training/publish/publish.ts";
import { aTable } from "../../support/rows.ts";

const plan = { learners: ["logistic"], seed: 1, parts: "chance" } as const;
const refused = (data: Dataset, more: object = {}): Promise<PortraitError> =>
  learn(data, { ...plan, ...more }).then(
    () => Promise.reject(new Error("it was not refused")),
    (error) => error,
  );

const table = aTable(600);
const learned = await learn(table, plan);

test("the winner beats the constant on rows that nobody had seen, and the report says by what", () => {
  expect(learned.model.kind).toBe("logistic");
  expect(Object.keys(learned.metrics)).toEqual(["logistic", "constant"]);
  expect(learned.metrics.logistic.logLoss).toBeLessThan(learned.metrics.constant.logLoss ?? 0);
  expect(learned.metrics.constant.auc).toBe(0.5);
  expect(learned.why).toMatch(/^logistic has the smallest log loss over 5 folds: 0\.\d{4}, against constant 0\.\d{4}$/);
  expect(learned.backend).toMatch(/^tfjs/);
});

test("the test part is a fifth of the rows, and what is kept of it is what the model says of it", () => {
  const { rows, probability, label } = learned.test;
  expect(learned.parts).toEqual({ by: "chance", fit: 360, choose: 120, test: 120, folds: 5 });
  const part = takeRows(table, rows);
  const margins = learned.model.margins(part.values, part.rows);
  expect([...probability]).toEqual([...margins].map((m) => calibrate(learned.calibration, m)));
  expect(label).toEqual(part.label);
  expect(auc(probability, label)).toBe(learned.metrics.logistic.auc);
});

test("spread, usual values and bands are of the rows for developing", () => {
  expect(learned.spread).toHaveLength(1001);
  expect([...learned.spread].sort((a, b) => a - b)).toEqual(learned.spread);
  const [age, , member, city] = learned.usual;
  expect(age).toMatchObject({ low: expect.closeTo(21, -1), middle: expect.closeTo(48, -1) });
  expect(age.missing).toBeCloseTo(0.1, 1);
  expect(member).toMatchObject({ top: [{ value: "false" }, { value: "true" }] });
  expect(city).toMatchObject({ top: expect.arrayContaining([expect.objectContaining({ value: "Bergen" })]) });
  const names = learned.bands.map(({ name }) => name);
  expect(names).toEqual(["low", "medium", "high"]);
  const odds = (p: number) => p / (1 - p);
  expect(odds(learned.bands[2].from) / odds(learned.bands[1].from)).toBeCloseTo(4, 9);
});

test("the test rows teach nothing: nonsense in them changes neither model nor calibration", async () => {
  const other = await learn({ ...table, values: changed(table, learned.test.rows) }, plan);
  expect(other.model.save()).toEqual(learned.model.save());
  expect(other.calibration).toEqual(learned.calibration);
  expect(other.spread).toEqual(learned.spread);
  expect(other.usual).toEqual(learned.usual);
  expect(other.test.probability).not.toEqual(learned.test.probability);
});

/** The table with the given rows' values replaced by nonsense. */
function changed(data: Dataset, rows: Uint32Array): Float64Array[] {
  return data.values.map((column) => {
    const copy = Float64Array.from(column);
    for (const row of rows) copy[row] = 0;
    return copy;
  });
}

test("same rows, plan and seed give the same bytes; another seed cuts other parts", async () => {
  const about = {
    model: "churn",
    version: "v1",
    seed: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    source: { type: "table", file: "a.csv", sha256: "0".repeat(64), label: "churn", positive: "yes" },
  } as const;
  const again = await learn(table, plan);
  const artifact = toArtifact(learned, about);
  expect(toArtifact(again, about).digest).toBe(artifact.digest);
  const other = await learn(table, { ...plan, seed: 2 });
  expect(other.test.rows).not.toEqual(learned.test.rows);

  const back = checkArtifact(manifestBytes(artifact.manifest), artifact.files, artifact.digest);
  const row = Float64Array.of(40, 20, 1, 1, 0);
  expect(modelOf(back).margin(row)).toBe(learned.model.margin(row));
  const card = new TextDecoder().decode(back.files.get("card.md"));
  expect(card).toContain("How probable it is that `churn` is `yes`");
  expect(card).toContain("| constant | 0.5000 |");
  expect(card).not.toMatch(/undefined|NaN/);
});

test("a caller's own scores stand beside the model, calibrated on the same rows, missing ones read as lowest", async () => {
  const score = Float64Array.from(table.values[0], (age) => -age);
  const { metrics } = await learn(table, { ...plan, learners: [], beside: { youth: score } });
  expect(Object.keys(metrics)).toEqual(["constant", "youth"]);
  expect(metrics.youth.auc).toBeGreaterThan(0.55);
  expect(metrics.youth.logLoss).toBeLessThan(metrics.constant.logLoss ?? 0);
});

test("labels that depend on nothing: the constant wins or is nearly matched, and nothing breaks", async () => {
  const random = createRandom(2);
  const label = Uint8Array.from({ length: 600 }, () => (random.next() < 0.3 ? 1 : 0));
  const { metrics, model } = await learn({ ...table, label }, plan);
  expect(metrics[model.kind].logLoss).toBeLessThan((metrics.constant.logLoss ?? 0) + 0.02);
});

test("by time: the oldest rows fit, the newest test, equal moments stay together", async () => {
  const time = Float64Array.from({ length: 600 }, (_, i) => Math.floor(((i * 7) % 600) / 30));
  const { test: kept, parts, notes } = await learn({ ...table, time }, { ...plan, parts: "time" });
  expect(parts).toEqual({ by: "time", fit: 360, choose: 120, test: 120 });
  expect(Math.min(...kept.rows.map((row) => time[row]))).toBe(16);
  expect(notes).toEqual([]);
});

test("by time with a gap: rows whose outcome was not yet known are set aside", async () => {
  const time = Float64Array.from({ length: 600 }, (_, i) => Math.floor(i / 30));
  const { parts, notes } = await learn({ ...table, time }, { ...plan, parts: "time", gapMs: 2 });
  expect(parts).toEqual({ by: "time", fit: 330, choose: 90, test: 120 });
  expect(notes).toEqual(["60 rows were set aside: their outcome was not known when the next part began."]);
});

test("by time with a gap after the part to fit alone: the part to choose keeps all its rows", async () => {
  const time = Float64Array.from({ length: 600 }, (_, i) => Math.floor(i / 30));
  const { parts } = await learn({ ...table, time }, { ...plan, parts: "time", fitGapMs: 3 });
  // fit holds the moments 0 … 11, choose begins with 12: 10 and 11 are too close
  expect(parts).toEqual({ by: "time", fit: 300, choose: 120, test: 120 });
});

test("too little to learn from is refused, in words that say what to do", async () => {
  const few = takeRows(
    table,
    Uint32Array.from({ length: 40 }, (_, i) => i),
  );
  expect(await refused(few)).toMatchObject({ code: "DATASET_TOO_SMALL", facts: { rows: 40, wanted: 50 } });
  expect((await refused(few)).message).toContain("Wanted at least 50 labelled rows, found 40");
  const rare = Uint8Array.from({ length: 600 }, (_, i) => (i < 9 ? 1 : 0));
  expect((await refused({ ...table, label: rare })).message).toContain("found 9 positive and 591 negative");
  const none = { ...table, columns: [], values: [] };
  expect((await refused(none)).code).toBe("DATASET_TOO_SMALL");
});

test("a label with one class, of another length or of other values is refused", async () => {
  expect(await refused({ ...table, label: new Uint8Array(600) })).toMatchObject({ code: "LABEL_INVALID" });
  expect(await refused({ ...table, label: new Uint8Array(0) })).toMatchObject({ code: "LABEL_INVALID" });
  expect((await refused({ ...table, label: new Uint8Array(600).fill(2) })).message).toContain("found 2");
});

test("times, weights, learners and baselines that do not fit are refused", async () => {
  expect((await refused(table, { parts: "time" })).message).toContain("want a time for each row");
  const two = { ...table, time: Float64Array.from({ length: 600 }, (_, i) => i % 2) };
  expect((await refused(two, { parts: "time" })).message).toContain("at least three different moments, found 2");
  expect((await refused({ ...table, weight: new Float64Array(600) })).code).toBe("INPUT_INVALID");
  expect((await refused(table, { learners: ["oracle"] })).message).toContain('found "oracle"');
  expect((await refused(table, { beside: { rfm: new Float64Array(3) } })).message).toContain("found 3");
  expect((await refused(table, { beside: { constant: new Float64Array(600) } })).code).toBe("INPUT_INVALID");
});

test("a training that is stopped says so, and leaves with the named error", async () => {
  const stop = new AbortController();
  const error = await refused(table, { signal: stop.signal, onProgress: (done: number) => done > 0.3 && stop.abort() });
  expect(error.code).toBe("TRAINING_CANCELLED");
});

test("progress rises from its start to 1", async () => {
  const seen: number[] = [];
  await learn(table, { ...plan, onProgress: (done) => seen.push(done) });
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  expect(seen.at(-1)).toBe(1);
});

test("the report shows parts, metrics in words, both plots and the strongest columns", () => {
  const text = renderReport(learned, { title: "churn, version v1", positive: "churn is yes", seed: 1 });
  expect(text).toContain("480 to fit and choose, in 5 rotating folds · 120 to test (by chance)");
  expect(text).toMatch(/scores higher \d\d times in 100/);
  expect(text).toMatch(/log loss {6}\d+\.\d % less than saying the base rate to everybody/);
  expect(text).toContain("◇ said   ● happened");
  expect(text).toMatch(/10\.0 %.*×.*█/);
  expect(text).toMatch(/age +\d+ % +higher lowers it/);
  expect(text).toContain("member");
  expect(text).not.toMatch(/undefined|NaN/);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});
