import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchLine, benchLine } from "../bench-line.ts";
import { logistic } from "../math/logistic.ts";
import { benchRows, rowMajor } from "./bench-data.ts";
import { growTrees } from "./gbdt.ts";
import { gbdtModel } from "./model.ts";
import { defaults } from "./params.ts";
import { toXgboost } from "./xgboost.ts";

const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const BATCH = 50_000;
const ROWS = 2000;

interface Answer {
  readonly version: string;
  readonly row: number;
  readonly batch: number;
  readonly reasons: number;
  readonly probability: number[];
}

/** What XGBoost takes in seconds, or why it does not answer. */
function askXgboost(folder: string, width: number): Answer | string {
  const peer = fileURLToPath(new URL("bench-peer.py", import.meta.url));
  const { status, stdout, stderr } = spawnSync(PYTHON, [peer, JSON.stringify({ do: "score", folder, width })], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  return status === 0 ? JSON.parse(stdout) : (stderr.trim().split("\n").at(-1) ?? "no answer");
}

/** One row, a batch of 50,000 and exact reasons, of 200 trees of depth 6, against XGBoost that has loaded the same trees; one thread each. */
export const bench: Bench = async ({ say, runs }) => {
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  try {
    const data = benchRows(BATCH, 3);
    const params = { ...defaults, rounds: 200, threads: 2, tries: [] };
    const model = gbdtModel(data.columns, (await growTrees(data, params, { seed: 1 })).trees);
    writeFileSync(join(folder, "model.json"), toXgboost(model));
    writeFileSync(join(folder, "test.rows"), Buffer.from(rowMajor(data).buffer));
    writeFileSync(join(folder, "test.label"), data.label);
    const rows = Array.from({ length: ROWS }, (_, i) => Float64Array.from(data.values, (column) => column[i]));
    const out = new Float64Array(data.columns.length);
    const warm = () => {
      for (const row of rows.slice(0, 500)) model.contributions(row, out);
      for (let k = 0; k < 20; k++) for (const row of rows) model.margin(row);
    };
    warm();
    const theirs: Answer[] = [];
    const ours = { row: [] as number[], batch: [] as number[], reasons: [] as number[] };
    const time = (work: () => void) => {
      const started = performance.now();
      work();
      return performance.now() - started;
    };
    let absence = "";
    for (let run = 0; run < runs; run++) {
      const row = time(() => {
        for (const one of rows) model.margin(one);
      });
      ours.row.push((1000 * row) / ROWS);
      ours.batch.push(time(() => model.margins(data.values, BATCH)));
      const reasons = time(() => {
        for (const one of rows.slice(0, 200)) model.contributions(one, out);
      });
      ours.reasons.push(reasons / 200);
      if (absence) continue;
      const answer = askXgboost(folder, data.columns.length);
      if (typeof answer === "string") absence = answer;
      else theirs.push(answer);
    }
    const lines: BenchLine[] = [
      benchLine("µs a row, 200 trees of depth 6", ours.row, "lower", 5),
      benchLine("ms exact reasons of a row", ours.reasons, "lower", 0.5),
      benchLine(`ms a batch of ${BATCH} rows`, ours.batch, "lower"),
    ];
    if (absence) {
      say(`XGBoost does not answer at ${PYTHON}, so there is nothing to compare with: ${absence}`);
      return lines;
    }
    const [{ version, probability }] = theirs;
    const apart = Math.max(...probability.map((p, i) => Math.abs(p - logistic(model.margin(rows[i])))));
    say(`XGBoost ${version}, the same trees: probabilities at most ${apart.toExponential(1)} apart`);
    return [
      ...lines,
      benchLine(
        "a row / XGBoost through Python",
        ours.row.map((us, k) => us / (1e6 * theirs[k].row)),
        "lower",
      ),
      benchLine(
        "batch / XGBoost",
        ours.batch.map((ms, k) => ms / (1000 * theirs[k].batch)),
        "lower",
        0.5,
      ),
      benchLine(
        "exact reasons / pred_contribs",
        ours.reasons.map((ms, k) => ms / (1000 * theirs[k].reasons)),
        "lower",
        0.25,
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
