import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { growTrees } from "../../../models/gbdt/gbdt.ts";
import { gbdtModel } from "../../../models/gbdt/model.ts";
import { defaults } from "../../../models/gbdt/params.ts";
import { fromXgboost, toXgboost } from "../../../models/gbdt/xgboost.ts";
import { loadModel } from "../../../models/load.ts";
import { logistic } from "../../../models/math/logistic.ts";
import { rowsOf } from "../../support/rows.ts";
import { aWildTable } from "./tables.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/xgboost/${name}`, import.meta.url), "utf8");
const text = fixture("model.json");
const said: { rows: (number | null)[][]; probability: number[]; contributions: number[][] } = JSON.parse(
  fixture("predictions.json"),
);
const rows = said.rows.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN));

describe("a model that XGBoost 1.7.4 saved, numbers and categories", () => {
  const model = fromXgboost(text);

  test("answers what XGBoost answers, within a millionth", () => {
    rows.forEach((row, i) => {
      expect(Math.abs(logistic(model.margin(row)) - said.probability[i])).toBeLessThan(1e-6);
    });
  });

  test("is explained as XGBoost explains it, within a ten-thousandth", () => {
    const out = new Float64Array(4);
    rows.forEach((row, i) => {
      const base = model.contributions(row, out);
      for (let j = 0; j < 4; j++) expect(Math.abs(out[j] - said.contributions[i][j])).toBeLessThan(1e-4);
      expect(Math.abs(base - said.contributions[i][4])).toBeLessThan(1e-4);
    });
  });

  test("keeps its columns' names and types, and is saved and loaded like our own", () => {
    expect(model.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "amount number",
      "visits number",
      "city category",
      "kind category",
    ]);
    const again = loadModel("gbdt", model.columns, model.save());
    for (const row of rows) expect(again.margin(row)).toBe(model.margin(row));
  });
});

test("what we export we read again, answer for answer", async () => {
  const data = aWildTable(1200, 6);
  const { trees } = await growTrees(data, { ...defaults, rounds: 12 }, { seed: 3 });
  const ours = gbdtModel(data.columns, trees);
  const again = fromXgboost(toXgboost(ours), data.columns);
  for (const row of rowsOf(data)) expect(again.margin(row)).toBeCloseTo(ours.margin(row), 5);
});

describe("what is not supported is refused by name", () => {
  const changed = (change: (model: ReturnType<typeof JSON.parse>) => void) => {
    const model = JSON.parse(text.replace(/NaN/g, "null"));
    change(model);
    return () => fromXgboost(JSON.stringify(model));
  };
  test.each<[string, (model: ReturnType<typeof JSON.parse>) => void, string]>([
    [
      "another booster",
      (m) => {
        m.learner.gradient_booster.name = "dart";
      },
      "wanted the booster gbtree, found dart",
    ],
    [
      "another objective",
      (m) => {
        m.learner.objective.name = "rank:pairwise";
      },
      "wanted the objective binary:logistic, found rank:pairwise",
    ],
    [
      "several classes",
      (m) => {
        m.learner.learner_model_param.num_class = "3";
      },
      "wanted one class, found 3",
    ],
    [
      "a tree cut short",
      (m) => {
        m.learner.gradient_booster.model.trees[2].split_indices.pop();
      },
      "split_indices in tree 2",
    ],
    [
      "a tree in a circle",
      (m) => {
        m.learner.gradient_booster.model.trees[0].left_children[1] = 0;
      },
      "wanted a node of tree 0",
    ],
    [
      "a column that is not there",
      (m) => {
        m.learner.gradient_booster.model.trees[0].split_indices[0] = 9;
      },
      "wanted a column below 4 in tree 0, found 9",
    ],
  ])("%s", (_name, change, message) => {
    expect(changed(change)).toThrow(message);
  });

  test("text that is no JSON", () => {
    expect(() => fromXgboost(text.slice(0, 500))).toThrow("found text that is not JSON");
  });

  test("a split that names a category we do not have", () => {
    const columns = fromXgboost(text).columns.map((column) =>
      column.name === "city" ? { ...column, categories: ["a"] } : column,
    );
    expect(() => fromXgboost(text, columns)).toThrow(/wanted categories of "city" below 1, found code \d+ in tree/);
  });
});

describe("columns of ours", () => {
  const { columns } = fromXgboost(text);
  const margins = rows.map((row) => fromXgboost(text).margin(row));

  test("are found by name, in whatever order they stand and whatever stands between them", () => {
    const [amount, visits, city, kind] = columns;
    const model = fromXgboost(text, [kind, { name: "more", type: "number" }, amount, city, visits]);
    rows.forEach((row, i) => {
      expect(model.margin(Float64Array.of(row[3], Number.NaN, row[0], row[2], row[1]))).toBe(margins[i]);
    });
  });

  test("are taken by their place when the model names none, and must then be as many", () => {
    const bare = JSON.parse(text.replace(/NaN/g, "null"));
    bare.learner.feature_names = [];
    const nameless = JSON.stringify(bare);
    const named = columns.map((column, j) => ({ ...column, name: `ours${j}` }));
    rows.forEach((row, i) => {
      expect(fromXgboost(nameless, named).margin(row)).toBe(margins[i]);
    });
    expect(() => fromXgboost(nameless, columns.slice(1))).toThrow("wanted 4 columns, found 3");
  });

  test("that are not there, named twice, or of another type are refused", () => {
    expect(() => fromXgboost(text, columns.slice(0, 1))).toThrow('wanted the column "visits", found only amount');
    const twice = JSON.parse(text.replace(/NaN/g, "null"));
    twice.learner.feature_names[1] = "amount";
    expect(() => fromXgboost(JSON.stringify(twice), columns)).toThrow("found the same name twice");
    const numbers = columns.map(({ name }) => ({ name, type: "number" as const }));
    expect(() => fromXgboost(text, numbers)).toThrow(/wanted a split of the number column "\w+" that suits it/);
  });
});
