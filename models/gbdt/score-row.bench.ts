import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchLine, benchLine } from "../bench-line.ts";
import { logistic } from "../math/logistic.ts";
import { benchRows, rowMajor } from "./bench-data.ts";
import { toOnnx } from "./bench-onnx.ts";
import { createOnnxPeer } from "./bench-onnx-peer.ts";
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

/**
 * One row, a batch of 50,000 and exact reasons, of 200 trees of depth 6, against XGBoost and onnxruntime that have loaded the same
 * trees; one thread each. A row goes in as a Float64Array here, as a ready array or tensor of 32-bit floats there.
 */
export const bench: Bench = async ({ say, runs }) => {
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  let close = async () => {};
  try {
    const data = benchRows(BATCH, 3);
    const params = { ...defaults, rounds: 200, threads: 2, tries: [] };
    const model = gbdtModel(data.columns, (await growTrees(data, params, { seed: 1 })).trees);
    writeFileSync(join(folder, "model.json"), toXgboost(model));
    const floats = rowMajor(data);
    writeFileSync(join(folder, "test.rows"), Buffer.from(floats.buffer));
    writeFileSync(join(folder, "test.label"), data.label);
    const rows = Array.from({ length: ROWS }, (_, i) => Float64Array.from(data.values, (column) => column[i]));
    const out = new Float64Array(data.columns.length);
    const warm = () => {
      for (const row of rows.slice(0, 500)) model.contributions(row, out);
      for (let k = 0; k < 20; k++) for (const row of rows) model.margin(row);
    };
    warm();
    const onnx = await createOnnxPeer(toOnnx(model.trees, data.columns.length), say);
    const width = data.columns.length;
    const floatRows = rows.map((_, i) => floats.subarray(i * width, (i + 1) * width));
    const onnxMs = { row: [] as number[], batch: [] as number[] };
    if (typeof onnx === "string") say(`onnxruntime-node is left out: ${onnx}`);
    else {
      close = onnx.close;
      const said = await onnx.score(floats, BATCH);
      const margins = model.margins(data.values, BATCH);
      const apart = said.reduce((most, m, i) => Math.max(most, Math.abs(logistic(m) - logistic(margins[i]))), 0);
      say(`onnxruntime-node ${onnx.version}, the same trees: probabilities at most ${apart.toExponential(1)} apart`);
      if (!(apart <= 1e-5)) throw new Error("score-row: onnxruntime-node does not answer as we do");
      for (const one of floatRows) await onnx.score(one, 1);
    }
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
      if (typeof onnx !== "string") {
        const started = performance.now();
        for (const one of floatRows) await onnx.score(one, 1);
        const between = performance.now();
        await onnx.score(floats, BATCH);
        onnxMs.row.push((between - started) / ROWS);
        onnxMs.batch.push(performance.now() - between);
      }
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
    if (onnxMs.row.length)
      lines.push(
        benchLine(
          "one row / onnxruntime-node",
          ours.row.map((us, k) => us / (1000 * onnxMs.row[k])),
          "lower",
          0.2,
        ),
        benchLine(
          "batch / onnxruntime-node",
          ours.batch.map((ms, k) => ms / onnxMs.batch[k]),
          "lower",
        ),
      );
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
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
};
