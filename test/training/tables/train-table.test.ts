import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ArtifactStore } from "../../../src/scoring/artifact.ts";
import { modelOf } from "../../../src/scoring/artifact-bytes.ts";
import { createScorer, type Scorer } from "../../../src/scoring/scorer.ts";
import { createMemoryArtifacts } from "../../../src/stores/memory/artifacts.ts";
import { readTable } from "../../../training/tables/read-table.ts";
import { scoreTable } from "../../../training/tables/score-table.ts";
import { modelName, type TrainedTable, trainTable } from "../../../training/tables/train-table.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { fileOf, parquetOf, shopCsv } from "./tables.ts";

const NOON = Date.UTC(2026, 2, 1, 12);

const train = (
  csv: string,
  artifacts: ArtifactStore,
  given: { seed?: number; now?: number; positive?: string; label?: string } = {},
) =>
  trainTable(
    {
      path: fileOf(csv, "shop.csv"),
      label: given.label ?? "bought",
      model: "shop",
      learners: ["logistic"],
      seed: given.seed ?? 1,
      now: given.now ?? NOON,
      wishes: { positive: given.positive },
    },
    { artifacts },
  );

let artifacts: ArtifactStore;
let first: TrainedTable;
let scorer: Scorer;
beforeAll(async () => {
  artifacts = createMemoryArtifacts();
  first = await train(shopCsv(1500), artifacts);
  scorer = createScorer(first.artifact, modelOf(first.artifact));
});

describe("training on a table", () => {
  test("finds what moves the label, leaves the key out, and says from what it learned", () => {
    const { manifest } = first.artifact;
    expect(manifest.columns.map(({ name, type }) => [name, type])).toEqual([
      ["visits", "number"],
      ["plan", "category"],
      ["colour", "category"],
    ]);
    expect(manifest.source).toMatchObject({ type: "table", file: "shop.csv", label: "bought", positive: "yes" });
    expect(manifest.metrics.logistic.auc).toBeGreaterThan(0.75);
    expect(manifest.version).toBe("2026-03-01T12-00-00-000Z");
    expect(first.learned.test.rows.length).toBe(manifest.parts.test);
  });

  test("the first version answers; the next one answers when it is no worse on the same rows", async () => {
    expect(first).toMatchObject({ promoted: true, why: expect.stringMatching(/the first version/) });
    const store = createMemoryArtifacts();
    const before = await train(shopCsv(600), store, { now: NOON });
    const next = await train(shopCsv(1500), store, { now: NOON + 1000 });
    expect(next.why).toMatch(new RegExp(`AUC 0\\.\\d+ against 0\\.\\d+ of ${before.artifact.manifest.version}`));
    expect(await store.champion("shop")).toBe(next.artifact.manifest.version);
    expect(await store.versions("shop")).toHaveLength(2);
  });

  test("a version that predicts something else is kept, and the champion stays", async () => {
    const store = createMemoryArtifacts();
    await train(shopCsv(600), store, { now: NOON });
    const other = await train(shopCsv(600), store, { now: NOON + 1000, positive: "no" });
    expect(other).toMatchObject({ promoted: false, why: expect.stringMatching(/predicts that bought is yes.*--name/) });
    expect(await store.champion("shop")).toBe("2026-03-01T12-00-00-000Z");
  });

  test("a version that says nothing is kept, and nobody answers", async () => {
    const store = createMemoryArtifacts();
    const lines = Array.from({ length: 400 }, (_, i) => `${(i * 7919) % 400 < 100 ? "yes" : "no"},${(i * 31) % 17}`);
    const made = await train(`bought,x\n${lines.join("\n")}\n`, store);
    expect(made.promoted).toBe(false);
    expect(await store.champion("shop")).toBeUndefined();
    expect(await store.versions("shop")).toHaveLength(1);
  });

  test("same file, same seed, same model to the last byte", async () => {
    const again = await train(shopCsv(1500), createMemoryArtifacts());
    expect(again.artifact.digest).toBe(first.artifact.digest);
  });

  test.each([
    ["too few rows", "bought,x\nyes,1\nno,2\nyes,3\n", "DATASET_TOO_SMALL"],
    ["no column that could be learned from", `bought,x\n${"yes,1\nno,1\n".repeat(60)}`, "DATASET_TOO_SMALL"],
  ])("%s is refused, and nothing is stored", async (_, csv, code) => {
    const store = createMemoryArtifacts();
    await expect(train(csv, store)).rejects.toMatchObject({ code });
    expect(await store.models()).toEqual([]);
  });

  test("a model is named after its file", () => {
    expect(modelName("Telco-Customer-Churn.csv.gz")).toBe("telco-customer-churn");
    expect(modelName("2024 Kunden (neu).parquet")).toBe("kunden-neu");
    expect(modelName("123.csv")).toBe("table");
  });
});

describe("scoring a table", () => {
  const scored = async (path: string, out = "scored.csv", options = {}, reasons = 0) => {
    const file = join(tempDir(), out);
    const answer = await scoreTable(scorer, { path, out: file, options, reasons });
    return { file, answer };
  };

  test("every row keeps its columns and gets the very probability of the model", async () => {
    const path = fileOf("colour,plan,visits,who\nred,gold,9,Ada\nblue,free,0,Bo\nred,basic,?,Cy\n");
    const { file, answer } = await scored(path);
    const read = readFileSync(file, "utf8").trim().split("\n");
    expect(read[0]).toBe("colour,plan,visits,who,probability,percentile,band");
    const [ada, bo, cy] = read.slice(1).map((line) => line.split(","));
    const plans = (scorer.columns[1] as { categories: readonly string[] }).categories;
    const colours = (scorer.columns[2] as { categories: readonly string[] }).categories;
    const row = (visits: number, plan: string, colour: string) =>
      Float64Array.of(visits, plans.indexOf(plan), colours.indexOf(colour));
    expect(Number(ada[4])).toBe(scorer.score(row(9, "gold", "red")).probability);
    expect(Number(bo[4])).toBe(scorer.score(row(0, "free", "blue")).probability);
    expect(Number(cy[4])).toBe(scorer.score(row(Number.NaN, "basic", "red")).probability);
    expect([ada[3], ada[6], bo[6]]).toEqual(["Ada", scorer.score(row(9, "gold", "red")).band, "low"]);
    expect(answer).toMatchObject({ rows: 3, unknown: [], added: ["probability", "percentile", "band"] });
  });

  test("the training table's test rows score as the training said", async () => {
    const csv = shopCsv(1500);
    const { file } = await scored(fileOf(csv));
    const probabilities = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[5]));
    first.learned.test.rows.forEach((row, i) => {
      expect(probabilities[row]).toBeCloseTo(first.learned.test.probability[i], 12);
    });
  });

  test("values unseen in training are counted and taken as missing", async () => {
    const { answer } = await scored(
      fileOf("visits,plan,colour\n1,gold,green\n2,platinum,green\nmany,free,red\n4,free,red\n"),
    );
    expect(answer.unknown).toEqual([
      { column: "visits", type: "number", cells: 1 },
      { column: "plan", type: "category", cells: 1 },
      { column: "colour", type: "category", cells: 2 },
    ]);
  });

  test("Parquet in, Parquet out, with reasons in words", async () => {
    const path = await parquetOf("SELECT i % 10 AS visits, 'gold' AS plan, 'red' AS colour FROM range(5000) t(i)");
    const { file } = await scored(path, "scored.parquet", {}, 2);
    const read = await readTable(file, { keep: ["probability", "reasons"] });
    expect(read.rows).toBe(5000);
    expect(read.columns.map(({ name }) => name)).toEqual([
      "visits",
      "plan",
      "colour",
      "probability",
      "percentile",
      "band",
      "reasons",
    ]);
    expect(read.columns[6].facts.top[0].value).toMatch(/(visits|plan): .*(raises|lowers) it; /);
  });

  test("rows stay in the file's order, however many", async () => {
    const rows = 30_000;
    const lines = Array.from({ length: rows }, (_, i) => `${i % 10},free,red,${i}`);
    const { file } = await scored(fileOf(`visits,plan,colour,place\n${lines.join("\n")}\n`));
    const read = readFileSync(file, "utf8").trim().split("\n").slice(1);
    expect(read.length).toBe(rows);
    expect(read.every((line, i) => line.startsWith(`${i % 10},free,red,${i},`))).toBe(true);
  });

  test("scoring what was scored names the new columns after the model", async () => {
    const once = await scored(fileOf("visits,plan,colour\n1,gold,red\n2,free,red\n"));
    const twice = await scored(once.file);
    expect(twice.answer.added).toEqual(["shop_probability", "shop_percentile", "shop_band"]);
    await expect(scored(twice.file)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test.each([
    [
      "columns that are missing",
      "visits,Plan\n1,gold\n2,free\n",
      "MODEL_INPUT_MISMATCH",
      /found no plan \(like Plan\?\), colour/,
    ],
    ["a file without a header", "1,gold,red\n2,free,blue\n1,gold,red\n", "MODEL_INPUT_MISMATCH", /--columns/],
    [
      "texts where numbers belong",
      "visits,plan,colour\na,gold,red\nb,free,blue\n3,free,red\n",
      "MODEL_INPUT_MISMATCH",
      /visits \(a number; 2 of 3/,
    ],
    ["a broken row", "visits,plan,colour\n1,gold,red\n2,free\n3,free,red\n", "ROW_BROKEN", /line 3/],
    ["no rows", "visits,plan,colour\n", "TABLE_EMPTY", /without any/],
  ])("%s: refused by name, and no file is left", async (_, csv, code, words) => {
    const dir = tempDir();
    const request = { path: fileOf(csv), out: join(dir, "out.csv"), options: {}, reasons: 0 };
    await expect(scoreTable(scorer, request)).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a failure leaves the file that was there", async () => {
    const good = await scored(fileOf("visits,plan,colour\n1,gold,red\n2,free,red\n"));
    const before = readFileSync(good.file, "utf8");
    const path = fileOf("visits,plan,colour\n1,gold\n");
    await expect(scoreTable(scorer, { path, out: good.file, options: {}, reasons: 0 })).rejects.toThrow();
    expect(readFileSync(good.file, "utf8")).toBe(before);
  });

  test("the table itself, a folder that is not there and an unknown ending are no places to write to", async () => {
    const path = fileOf("visits,plan,colour\n1,gold,red\n");
    for (const out of [path, "/nowhere/at/all/out.csv", join(tempDir(), "out.xlsx")])
      await expect(scoreTable(scorer, { path, out, options: {}, reasons: 0 })).rejects.toMatchObject({
        code: expect.stringMatching(/INPUT_INVALID|FILE_UNREADABLE/),
      });
  });
});

test("dates are read for scoring as they were for training", async () => {
  const day = (i: number) => new Date(Date.UTC(2025, 0, 1) + i * 86_400_000).toISOString().slice(0, 10);
  const row = (i: number) =>
    `${day(i)},${i % 11},${new Date(day(i)).getUTCDay() % 6 === 0 || i % 13 === 0 ? "yes" : "no"}`;
  const csv = `at,x,bought\n${Array.from({ length: 500 }, (_, i) => row(i)).join("\n")}\n`;
  const { artifact, learned } = await train(csv, createMemoryArtifacts());
  expect(artifact.manifest.columns.map(({ name }) => name)).toEqual(["at", "at.month", "at.weekday", "x"]);
  const out = join(tempDir(), "scored.csv");
  await scoreTable(createScorer(artifact, modelOf(artifact)), { path: fileOf(csv), out, options: {}, reasons: 0 });
  const probability = readFileSync(out, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",")[3]));
  learned.test.rows.forEach((place, i) => {
    expect(probability[place]).toBeCloseTo(learned.test.probability[i], 12);
  });
});
