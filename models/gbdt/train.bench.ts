import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchLine, benchLine } from "../bench-line.ts";
import { logistic } from "../math/logistic.ts";
import { auc } from "../metrics/auc.ts";
import { logLoss } from "../metrics/log-loss.ts";
import { benchRows, rowMajor } from "./bench-data.ts";

const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const WIDTH = 35;
const TEST = 50_000;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Trained {
  readonly seconds: number;
  readonly cpu: number;
  readonly megabytes: number;
  readonly margins: number[];
  readonly version?: string;
}

/**
 * Training against XGBoost `hist` (and scikit-learn's histogram trees) on the same rows with the same parameters: depth 6, shrinkage 0.1,
 * 256 bins, binning included, a process for each run, ours and theirs by turns.
 *
 * `--rows 20000,200000` `--threads 1,2` `--rounds 200` `--runs 5`
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const sizes = (options.rows ?? "20000,200000").split(",").map(Number);
  const threadCounts = (options.threads ?? "1,2").split(",").map(Number);
  const rounds = Number(options.rounds ?? 200);
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  const lines: BenchLine[] = [];
  try {
    const test = benchRows(TEST, 2);
    write(folder, "test", test);
    for (const rows of sizes) {
      write(folder, "train", benchRows(rows, 1));
      for (const threads of threadCounts) {
        const about = `${rows / 1000}k × ${WIDTH}, ${threads} thread${threads > 1 ? "s" : ""}`;
        const ours: Trained[] = [];
        const theirs: Trained[] = [];
        for (let run = 0; run < runs; run++) {
          ours.push(trainOurs(folder, rows, { threads, rounds, tries: [] }));
          const peer = trainPeer(folder, { peer: "xgboost", threads, rounds });
          if (!peer) break;
          theirs.push(peer);
        }
        const judged = (one: Trained) => ({
          auc: auc(Float64Array.from(one.margins), test.label),
          loss: logLoss(Float64Array.from(one.margins, logistic), test.label),
        });
        const row = (name: string, one: Trained) => {
          const { auc: a, loss } = judged(one);
          say(
            `${about}  ${name.padEnd(18)} ${one.seconds.toFixed(2)} s  cpu ${one.cpu.toFixed(2)} s  ${one.megabytes.toFixed(0)} MB  AUC ${a.toFixed(5)}  log loss ${loss.toFixed(5)}`,
          );
        };
        for (const one of ours) row("gbdt", one);
        for (const one of theirs) row(`XGBoost ${one.version}`, one);
        if (threads === 1) {
          const sklearn = trainPeer(folder, { peer: "sklearn", threads, rounds });
          if (sklearn) row(`scikit-learn ${sklearn.version}`, sklearn);
        }
        if (!theirs.length) {
          say(`${PYTHON} has no xgboost: nothing to compare with`);
          continue;
        }
        const ratios = (of: (one: Trained) => number) => ours.map((one, run) => of(one) / of(theirs[run]));
        lines.push(
          benchLine(
            `wall time / XGBoost, ${about}`,
            ratios((one) => one.seconds),
            "lower",
            0.5,
          ),
          benchLine(
            `CPU time / XGBoost, ${about}`,
            ratios((one) => one.cpu),
            "lower",
          ),
          benchLine(
            `peak memory / XGBoost, ${about}`,
            ratios((one) => one.megabytes),
            "lower",
            0.6,
          ),
          benchLine(`AUC − XGBoost, ${about}`, [judged(ours[0]).auc - judged(theirs[0]).auc], "higher", -0.001),
          benchLine(`log loss − XGBoost, ${about}`, [judged(ours[0]).loss - judged(theirs[0]).loss], "lower", 0.001),
        );
      }
    }
    return lines;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

function write(folder: string, name: string, data: ReturnType<typeof benchRows>): void {
  writeFileSync(
    join(folder, name),
    Buffer.concat(data.values.map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength))),
  );
  writeFileSync(join(folder, `${name}.rows`), Buffer.from(rowMajor(data).buffer));
  writeFileSync(join(folder, `${name}.label`), data.label);
}

function trainOurs(folder: string, rows: number, params: object): Trained {
  const args = [
    ...process.execArgv,
    here("bench-train-child.ts"),
    folder,
    `${rows}`,
    `${WIDTH}`,
    `${TEST}`,
    JSON.stringify(params),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function trainPeer(folder: string, job: { peer: string; threads: number; rounds: number }): Trained | undefined {
  const args = [here("bench-peer.py"), JSON.stringify({ do: "train", folder, width: WIDTH, ...job })];
  const env = { ...process.env, OMP_NUM_THREADS: `${job.threads}` };
  const { status, stdout, stderr } = spawnSync(PYTHON, args, { encoding: "utf8", maxBuffer: 2 ** 28, env });
  if (status !== 0) process.stderr.write(stderr);
  return status === 0 ? JSON.parse(stdout) : undefined;
}
