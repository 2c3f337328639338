import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, describe, expect, test } from "vitest";
import { logistic } from "../../models/math/logistic.ts";
import type { Column } from "../../models/model.ts";
import { modelOf } from "../../src/scoring/artifact-bytes.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";

const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const absent = spawnSync(PYTHON, ["-c", "import xgboost, pandas"]).status !== 0;
if (absent) console.log(`training elsewhere is skipped: ${PYTHON} has no xgboost and pandas`);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Categories and numbers of the order in flight, and what its user did before. */
const refund = {
  name: "refund",
  about: "the order is sent back within 20 days",
  positive: "will be sent back",
  target: { kind: "event-becomes", event: "Order Completed", outcome: "Order Refunded", on: "order_id", days: 20 },
  fields: { revenue: "number", category: "category", payment: "category" },
};

interface Imported {
  readonly version: string;
  readonly backend: string;
  readonly promoted: boolean;
  readonly why: string;
  readonly calibration: string;
  readonly parts: { readonly fit: number; readonly choose: number; readonly test: number };
  readonly test: { readonly rows: number; readonly auc: number };
}

describe.skipIf(absent)("rows are exported, XGBoost learns from them in Python, and its model comes home", () => {
  const dir = mkdtempSync(join(tmpdir(), "portrait-peers-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  writeFileSync(at("config.json"), JSON.stringify({ recipes: [refund] }));
  const env = { ...process.env, PORTRAIT_VAR: at("var"), PORTRAIT_CONFIG: at("config.json"), REDIS_URL: undefined };
  const portrait = (...args: string[]) =>
    execFileSync(process.execPath, ["--import", "tsx", here("../../src/cli/main.ts"), ...args], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  test("as a version that answers what XGBoost answers (1e-6), calibrated and judged on rows that it has not fitted", async () => {
    portrait("simulate", "--people", "600", "--seed", "3", "--out", at("simulated"));
    portrait("ingest", at("simulated/events.ndjson"));
    const files = ["--out", at("rows.csv"), "--columns", at("columns.json")];
    portrait("dataset", "export", "refund", "--parts", ...files);
    const script = here("train-elsewhere.py");
    execFileSync(PYTHON, [script, ...["rows.csv", "columns.json", "model.json", "said.json"].map(at)], {
      env: { ...env, OMP_NUM_THREADS: "1" },
    });
    const imported: Imported = JSON.parse(portrait("models", "import", "refund", at("model.json"), "--json"));

    const store = createDiskArtifacts(at("var/artifacts"));
    const artifact = await store.load("refund", imported.version);
    const model = modelOf(artifact);
    const said: { version: string; trees: number; probability: number[] } = JSON.parse(
      readFileSync(at("said.json"), "utf8"),
    );
    const rows = await readRows(at("rows.csv"), model.columns);
    expect(rows.values.length).toBe(said.probability.length);
    rows.values.forEach((row, i) => {
      expect(Math.abs(logistic(model.margin(row)) - said.probability[i])).toBeLessThan(1e-6);
    });
    expect(model.columns.filter(({ type }) => type === "category").length).toBeGreaterThanOrEqual(2);
    expect(imported.backend).toBe(`XGBoost ${said.version}`);
    expect(artifact.manifest.source).toMatchObject({ type: "recipe", recipe: "refund" });
    const count = (part: string) => rows.parts.filter((one) => one === part).length;
    expect(imported.parts).toMatchObject({ fit: count("fit"), choose: count("choose"), test: count("test") });
    // Whether it answers is the gate's business, which says why.
    expect(await store.champion("refund")).toBe(imported.promoted ? imported.version : undefined);
    expect(imported.why).toMatch(/^imported: ./);
    console.log(`${said.trees} trees, ${rows.parts.length} rows, test AUC ${imported.test.auc}; ${imported.why}`);
  }, 300_000);

  test("and is refused where columns, labels or the file do not fit", () => {
    const refusal = (...args: string[]): string => {
      try {
        portrait("models", "import", ...args);
      } catch (error) {
        return (error as { stderr: string }).stderr;
      }
      return "";
    };
    const text = readFileSync(at("model.json"), "utf8");
    writeFileSync(at("cut.json"), text.slice(0, text.length / 2));
    expect(refusal("refund", at("cut.json"))).toContain("found text that is not JSON");
    expect(refusal("refund", at("none.json"))).toContain("FILE_UNREADABLE");
    expect(refusal("purchase", at("model.json"))).toMatch(/COLUMN_UNKNOWN[\s\S]*event\.revenue/);
    const table = ["--table", at("rows.csv"), "--label", "label"];
    writeFileSync(at("renamed.json"), text.replace('"event.revenue"', '"turnover"'));
    expect(refusal("other", at("renamed.json"), ...table)).toMatch(/COLUMN_UNKNOWN[\s\S]*turnover/);
  });
});

/** The exported rows as the model reads them. */
async function readRows(file: string, columns: readonly Column[]) {
  const db = await DuckDBInstance.create(":memory:");
  const connection = await db.connect();
  const read = await connection.runAndReadAll(`SELECT * FROM read_csv('${file}', all_varchar = true)`);
  const values = read.getRowObjects().map((row) =>
    Float64Array.from(columns, (column) => {
      const cell = row[column.name];
      if (cell === null) return Number.NaN;
      if (column.type !== "category") return Number(cell);
      const level = column.categories.indexOf(String(cell));
      return level < 0 ? Number.NaN : level;
    }),
  );
  const parts = read.getRowObjects().map(({ part }) => String(part));
  connection.closeSync();
  db.closeSync();
  return { values, parts };
}
