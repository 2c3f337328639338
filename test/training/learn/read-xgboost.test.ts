import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gbdt } from "../../../models/gbdt/gbdt.ts";
import type { GbdtModel } from "../../../models/gbdt/model.ts";
import { defaults } from "../../../models/gbdt/params.ts";
import { toXgboost } from "../../../models/gbdt/xgboost.ts";
import { type Dataset, takeRows } from "../../../models/model.ts";
import { learn } from "../../../training/learn/learn.ts";
import { readXgboost } from "../../../training/learn/read-xgboost.ts";
import { aWildTable } from "../../models/gbdt/tables.ts";
import { tempDir } from "../../support/temp-dir.ts";

const rangeOf = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
const all = aWildTable(4000, 3);
const [seen, unseen] = [takeRows(all, rangeOf(0, 1500)), takeRows(all, rangeOf(1500, 4000))];

/** A model as XGBoost would have saved it, trained on rows that `unseen` does not hold. */
async function savedModel(change: (text: string) => string = (text) => text, data: Dataset = seen) {
  const model = (await gbdt.fit(data, { ...defaults, rounds: 30, tries: [] }, { seed: 1 })) as GbdtModel;
  const file = join(tempDir(), "model.json");
  writeFileSync(file, change(toXgboost(model)));
  return { file, model };
}

test("a model from elsewhere is calibrated and judged on rows that are new to it, and its trees stay as they are", async () => {
  const { file, model } = await savedModel();
  const learned = await learn(unseen, { learners: [], ready: await readXgboost(file), seed: 1, parts: "chance" });
  const { values, rows } = unseen;
  const theirs = learned.model.margins(values, rows);
  model.margins(values, rows).forEach((margin, i) => {
    expect(theirs[i]).toBeCloseTo(margin, 5);
  });
  expect(learned.parts).toEqual({ by: "chance", fit: 0, choose: 2000, test: 500 });
  expect(Object.keys(learned.metrics).sort()).toEqual(["constant", "gbdt"]);
  expect(learned.metrics.gbdt.auc).toBeGreaterThan(0.6);
  expect(learned.backend).toBe("XGBoost 1.7.4");
});

test("cut by time, the model may have fitted the oldest rows, and is calibrated on those after them", async () => {
  const { file } = await savedModel();
  const time = Float64Array.from({ length: unseen.rows }, (_, i) => i);
  const plan = { learners: [], ready: await readXgboost(file), seed: 1, parts: "time" as const };
  const learned = await learn({ ...unseen, time }, plan);
  expect(learned.parts).toEqual({ by: "time", fit: 1500, choose: 500, test: 500 });
});

test("a model that says the opposite of the truth is refused, for columns or labels were mixed up", async () => {
  const { file } = await savedModel(undefined, { ...seen, label: seen.label.map((one) => 1 - one) });
  await expect(
    learn(unseen, { learners: [], ready: await readXgboost(file), seed: 1, parts: "chance" }),
  ).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("no more than the base rate") });
});

test("what cannot be read, and columns that the rows do not have, are refused by name", async () => {
  await expect(readXgboost(join(tempDir(), "none.json"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  const half = await savedModel((text) => text.slice(0, text.length / 2));
  await expect(readXgboost(half.file)).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
    message: expect.stringContaining("found text that is not JSON"),
  });
  const dart = await savedModel((text) => text.replace('"gbtree"', '"dart"'));
  await expect(readXgboost(dart.file)).rejects.toThrow("wanted the booster gbtree, found dart");
  const renamed = await savedModel((text) => text.replace('"smooth"', '"even"'));
  const ready = await readXgboost(renamed.file);
  expect(() => ready(unseen.columns)).toThrow(/model\.json wants the columns even, which the rows do not have/);
});
