import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { gbdt } from "../../models/gbdt/gbdt.ts";
import type { GbdtModel } from "../../models/gbdt/model.ts";
import { defaults, type GbdtParams } from "../../models/gbdt/params.ts";
import { toXgboost } from "../../models/gbdt/xgboost.ts";
import { logistic } from "../../models/math/logistic.ts";
import type { Dataset } from "../../models/model.ts";
import { aWildTable } from "../models/gbdt/tables.ts";
import { rowsOf } from "../support/rows.ts";

const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const absent = spawnSync(PYTHON, ["-c", "import xgboost, pandas"]).status !== 0;
if (absent) console.log(`the XGBoost peer is skipped: ${PYTHON} has no xgboost and pandas`);

interface Answer {
  readonly version: string;
  readonly probability: number[];
  readonly contributions: number[][];
}

function ask(model: GbdtModel, data: Dataset): Answer {
  const columns = data.columns.map((column) => ({
    name: column.name,
    ...(column.type === "category" && { levels: column.categories.length }),
  }));
  const rows = [...rowsOf(data)].map((row) => [...row].map((value) => (Number.isNaN(value) ? null : value)));
  const script = fileURLToPath(new URL("ask-xgboost.py", import.meta.url));
  const input = JSON.stringify({ model: toXgboost(model), columns, rows });
  // XGBoost's threads spin while they wait for each other: on a busy machine two of them take minutes.
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  const { status, stdout, stderr } = spawnSync(PYTHON, [script], { env, input, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** XGBoost takes no infinities. */
function finite(data: Dataset): Dataset {
  return {
    ...data,
    values: data.values.map((column) => column.map((v) => (Number.isNaN(v) ? v : Math.max(-1e30, Math.min(1e30, v))))),
  };
}

const shapes: [string, Partial<GbdtParams>][] = [
  ["trees of depth 6", {}],
  ["leaf-wise trees", { growth: "leaf", leaves: 31, depth: 15 }],
  ["rare categories of their own", { categoryMinWeight: 0, categorySmooth: 1 }],
];

describe.skipIf(absent).each(shapes)("XGBoost reads our export of %s", (_name, given) => {
  test("and answers what we answer (1e-6), for our reasons (1e-4)", async () => {
    const data = finite(aWildTable(2000, 8));
    const params = { ...defaults, rounds: 50, ...given };
    const model = (await gbdt.fit(data, params, { seed: 2 })) as GbdtModel;
    const answer = ask(model, data);
    const out = new Float64Array(data.columns.length);
    let i = 0;
    for (const row of rowsOf(data)) {
      expect(Math.abs(answer.probability[i] - logistic(model.margin(row)))).toBeLessThan(1e-6);
      const base = model.contributions(row, out);
      [...out, base].forEach((share, j) => {
        expect(Math.abs(answer.contributions[i][j] - share)).toBeLessThan(1e-4);
      });
      i++;
    }
  });
});
