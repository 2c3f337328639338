import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { oneReducer } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { exportDataset } from "../../../training/replay/export-dataset.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { diaryReducer, did, lakeOf } from "./support.ts";

const recipe = Recipe.parse({
  name: "fraud",
  about: "charged back within 10 days",
  positive: "is fraud",
  target: { kind: "event-becomes", event: "Order", outcome: "Chargeback", on: "order_id", days: 10 },
  fields: { revenue: "number", payment: "category" },
});

const replayed = () =>
  replayDataset({
    recipe,
    reducers: oneReducer(diaryReducer),
    lake: lakeOf([
      did("ann", "View", 1, { category: 'say "toys", please' }),
      did("ann", "Order", 2.5, { order_id: "a1", revenue: 12.25, payment: "card" }),
      did("ann", "Chargeback", 5, { order_id: "a1" }),
      did("bob", "Order", 3, { order_id: "b1" }),
      did("zoe", "View", 30),
    ]),
  });

test("rows become a CSV that a person can read, missing cells empty", async () => {
  const dir = tempDir();
  await exportDataset(await replayed(), join(dir, "fraud.csv"));
  expect(readFileSync(join(dir, "fraud.csv"), "utf8").trimEnd().split("\n")).toEqual([
    "entity,thing,moment,seen,last,quiet,event.revenue,event.payment,label",
    'ann,a1,2026-01-07 12:00:00,1.0,"say ""toys"", please",1.5,12.25,card,1',
    "bob,b1,2026-01-08 00:00:00,0.0,,,,,0",
  ]);
  expect(readdirSync(dir)).toEqual(["fraud.csv"]);
});

test("a word for each row's part becomes the last column", async () => {
  const file = join(tempDir(), "fraud.csv");
  await exportDataset(await replayed(), file, ["fit", "test"]);
  const [head, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
  expect([head.endsWith(",label,part"), rows[0].endsWith(",1,fit"), rows[1].endsWith(",0,test")]).toEqual([
    true,
    true,
    true,
  ]);
});

test("rows become Parquet with the same values", async () => {
  const file = join(tempDir(), "fraud.parquet");
  await exportDataset(await replayed(), file);
  const db = await DuckDBInstance.create(":memory:");
  const connection = await db.connect();
  const read = await connection.runAndReadAll(`SELECT entity, quiet, "event.payment", label FROM '${file}'`);
  expect(read.getRows()).toEqual([
    ["ann", 1.5, "card", 1],
    ["bob", null, null, 0],
  ]);
  connection.closeSync();
  db.closeSync();
});

test("another ending, or a folder that is not there, is refused and leaves nothing", async () => {
  const dir = tempDir();
  const rows = await replayed();
  await expect(exportDataset(rows, join(dir, "rows.xlsx"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  expect(existsSync(join(dir, "rows.xlsx"))).toBe(false);
  await expect(exportDataset(rows, join(dir, "no such folder", "rows.csv"))).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
  });
});
