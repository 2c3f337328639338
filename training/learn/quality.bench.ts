import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { calibrate } from "../../models/calibrate/calibration.ts";
import { auc } from "../../models/metrics/auc.ts";
import { ece } from "../../models/metrics/ece.ts";
import { expectedEce } from "../../models/metrics/expected-ece.ts";
import { type Dataset, takeRows } from "../../models/model.ts";
import { stratifiedFolds } from "../../models/stratified-folds.ts";
import { table } from "../../src/cli/terminal.ts";
import { loadConfig } from "../../src/config.ts";
import type { Quality } from "../../src/retraining/recipe.ts";
import { readTable, type TableWishes } from "../tables/read-table.ts";
import { decide } from "./decide.ts";
import { rotating } from "./learn.ts";
import { convincingFor, qualityCandidates } from "./quality.ts";

/**
 * Every labelled table, the same repeated stratified folds for all: ours against XGBoost, scikit-learn's
 * HistGradientBoosting and logistic regression. Intervals are of paired differences, 95 %.
 *
 *     npm run bench -- quality [--tables german,telco] [--folds 2] [--repeats 1] [--only balanced] [--budget 30]
 *       [--keep folder]
 *
 * `--folds` runs the first so many of five folds; `--repeats` cuts them anew; `--only balanced` leaves `best` out, whose
 * peers are tuned by 30 random draws (`--draws`). With `--keep`, each table's result is a file there, and what is there is
 * not run again: delete the folder when the code changes. The whole takes hours on two cores.
 */
interface Table {
  readonly name: string;
  readonly path: readonly string[];
  readonly label: string;
  readonly wishes?: Omit<TableWishes, "label">;
}

const TABLES: readonly Table[] = [
  { name: "shoppers", path: ["online-shoppers-intention", "online_shoppers_intention.csv.gz"], label: "Revenue" },
  { name: "telco", path: ["telco-churn", "Telco-Customer-Churn.csv.gz"], label: "Churn" },
  {
    name: "bank",
    path: ["bank-marketing", "bank-additional-full.csv.gz"],
    label: "y",
    wishes: { drop: ["duration"] },
  },
  { name: "german", path: ["german-credit", "german.data.gz"], label: "column21", wishes: { positive: "2" } },
  { name: "polish1", path: ["polish-bankruptcy", "1year.csv.gz"], label: "class" },
  { name: "polish5", path: ["polish-bankruptcy", "5year.csv.gz"], label: "class" },
  { name: "claims", path: ["vehicle-claim-fraud", "fraud_oracle.csv.gz"], label: "FraudFound_P" },
  {
    name: "hillstrom",
    path: ["hillstrom-email", "hillstrom.csv.gz"],
    label: "visit",
    wishes: { drop: ["conversion", "spend"] },
  },
];

const PEERS = ["xgboost", "hgb", "logistic"] as const;
const FOLDS = 5;
const SEED = 20_260_101;

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const wanted = option("tables", TABLES.map(({ name }) => name).join(",")).split(",");
const folds = Math.min(FOLDS, Number(option("folds", String(FOLDS))));
const repeats = Number(option("repeats", "1"));
const qualities = (["balanced", "best"] as const).filter((q) => option("only", q) === q);
const draws = Number(option("draws", "30"));
const budgetMs = 1000 * Number(option("budget", "60"));
const note = (text: string) => process.stderr.write(`${text}\n`);

/** Probabilities of the rows left out, repeat by repeat; NaN where a fold was not run. */
type Said = Float64Array;

interface Line {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
  readonly better: "lower" | "higher";
  readonly runs: readonly number[];
  readonly interval?: readonly [number, number];
  readonly ok: boolean;
}

async function ours(
  data: Dataset,
  fold: readonly Uint8Array[],
  quality: Quality,
): Promise<{ said: Said; seconds: number }> {
  const said = new Float64Array(repeats * data.rows).fill(Number.NaN);
  const started = performance.now();
  for (let r = 0; r < repeats; r++)
    for (let f = 0; f < folds; f++) {
      const rows = (keep: boolean) => Uint32Array.from(fold[r].keys()).filter((i) => (fold[r][i] === f) !== keep);
      const [train, test] = [rows(true), rows(false)];
      const seed = SEED + r;
      const development = rotating(takeRows(data, train), seed);
      const plan = { quality, seed, budgetMs, clock: () => performance.now(), onProgress: () => {} };
      const { winner, why } = decide(await qualityCandidates(development, plan), development, {
        where: "out of fold",
        convincing: convincingFor(quality),
      });
      note(`  ${quality} ${r + 1}.${f + 1}: ${why}${winner.about ? ` (${winner.about})` : ""}`);
      const part = takeRows(data, test);
      winner.model.margins(part.values, part.rows).forEach((margin, k) => {
        said[r * data.rows + test[k]] = calibrate(winner.calibration, margin);
      });
    }
  return { said, seconds: (performance.now() - started) / 1000 };
}

async function peers(data: Dataset, fold: readonly Uint8Array[], tuningDraws: number) {
  const folder = await mkdtemp(join(tmpdir(), "quality-"));
  try {
    const x = new Float64Array(data.rows * data.columns.length);
    data.values.forEach((column, j) => {
      x.set(column, j * data.rows);
    });
    await writeFile(join(folder, "x.f64"), new Uint8Array(x.buffer));
    await writeFile(join(folder, "y.u8"), data.label);
    await writeFile(join(folder, "fold.u8"), Buffer.concat(fold));
    const columns = data.columns.map((column) => ({
      name: column.name,
      type: column.type,
      levels: column.type === "category" ? column.categories.length : 0,
    }));
    const script = new URL("../../test/peers/quality.py", import.meta.url).pathname;
    const run = promisify(execFile)(process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3", [script], {
      maxBuffer: 1e8,
      // One thread each, as ours has: on a busy machine more of them only wait for each other.
      env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
    });
    run.child.stdin?.end(
      JSON.stringify({ folder, rows: data.rows, columns, repeats, folds, draws: tuningDraws, seed: SEED }),
    );
    const { seconds, versions } = JSON.parse((await run).stdout);
    const said: Record<string, Said> = {};
    for (const peer of PEERS) {
      const bytes = await readFile(join(folder, `${peer}.f64`));
      said[peer] = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    }
    return { said, seconds, versions };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const lossOf = (p: number, y: number) => -Math.log(Math.min(1 - 1e-15, Math.max(1e-15, y ? p : 1 - p)));

/** One value a fold that was run. */
function perFold(
  data: Dataset,
  fold: readonly Uint8Array[],
  of: (rows: Uint32Array, repeat: number) => number,
): number[] {
  const out: number[] = [];
  for (let r = 0; r < repeats; r++)
    for (let f = 0; f < folds; f++)
      out.push(
        of(
          Uint32Array.from({ length: data.rows }, (_, i) => i).filter((i) => fold[r][i] === f),
          r,
        ),
      );
  return out;
}

const aucOn = (data: Dataset, said: Said) => (rows: Uint32Array, repeat: number) =>
  auc(
    Float64Array.from(rows, (i) => said[repeat * data.rows + i]),
    Uint8Array.from(rows, (i) => data.label[i]),
  );
const lossOn = (data: Dataset, said: Said) => (rows: Uint32Array, repeat: number) =>
  rows.reduce((sum, i) => sum + lossOf(said[repeat * data.rows + i], data.label[i]), 0) / rows.length;

const mean = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0) / list.length;

/** 97.5 % points of Student's t for 1 … 30 degrees of freedom. */
const T = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09,
  2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04,
];

/**
 * 95 % interval of a mean paired difference over folds, widened for the rows that training parts share
 * (Nadeau & Bengio 2003).
 */
function interval(differences: readonly number[]): [number, number] {
  const n = differences.length;
  if (n < 2) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const centre = mean(differences);
  const variance = differences.reduce((sum, d) => sum + (d - centre) ** 2, 0) / (n - 1);
  const reach = (T[n - 2] ?? 1.96) * Math.sqrt(variance * (1 / n + 1 / (FOLDS - 1)));
  return [centre - reach, centre + reach];
}

/** The same for a mean over rows: each row counts once, whatever the repeats. */
function rowInterval(data: Dataset, a: Said, b: Said): [number, number] {
  const differences: number[] = [];
  for (let i = 0; i < data.rows; i++) {
    let [sum, seen] = [0, 0];
    for (let r = 0; r < repeats; r++) {
      const [p, q] = [a[r * data.rows + i], b[r * data.rows + i]];
      if (Number.isNaN(p)) continue;
      sum += lossOf(p, data.label[i]) - lossOf(q, data.label[i]);
      seen++;
    }
    if (seen) differences.push(sum / seen);
  }
  const n = differences.length;
  const centre = mean(differences);
  const error = Math.sqrt(differences.reduce((sum, d) => sum + (d - centre) ** 2, 0) / (n - 1) / n);
  return [centre - 1.96 * error, centre + 1.96 * error];
}

/** What came of one table at one quality: kept as a file with `--keep`, so that the whole may be run in pieces. */
interface Result {
  readonly shown: string[][];
  readonly lines: readonly Line[];
  readonly probability: number[];
  readonly label: number[];
  readonly versions: Record<string, string>;
}

async function resultOf(one: Table, quality: Quality, data: Dataset): Promise<Result> {
  const fold = Array.from({ length: repeats }, (_, r) => stratifiedFolds(data.label, FOLDS, SEED + r));
  const mine = await ours(data, fold, quality);
  const others = await peers(data, fold, quality === "best" ? draws : 0);
  const measured = (said: Said) => ({
    auc: perFold(data, fold, aucOn(data, said)),
    loss: perFold(data, fold, lossOn(data, said)),
  });
  const own = measured(mine.said);
  const lines: Line[] = [];
  const shown = [
    [one.name, quality, mean(own.auc).toFixed(4), "", mean(own.loss).toFixed(4), "", mine.seconds.toFixed(0)],
  ];
  for (const peer of PEERS) {
    const said = others.said[peer];
    const theirs = measured(said);
    const gained = own.auc.map((a, k) => a - theirs.auc[k]);
    const spared = own.loss.map((l, k) => l - theirs.loss[k]);
    const [low, high] = interval(gained);
    const [lossLow, lossHigh] = rowInterval(data, mine.said, said);
    const name = `${one.name}, ${quality} against ${peer}${quality === "best" ? " tuned" : ""}`;
    lines.push({
      name: `AUC gained, ${name}`,
      value: mean(gained),
      goal: 0,
      better: "higher",
      runs: gained,
      interval: [low, high],
      ok: high >= 0,
    });
    lines.push({
      name: `log loss gained, ${name}`,
      value: mean(spared),
      goal: 0,
      better: "lower",
      runs: spared,
      interval: [lossLow, lossHigh],
      ok: lossLow <= 0,
    });
    const signed = (v: number) => `${v < 0 ? "" : "+"}${v.toFixed(4)}`;
    shown.push([
      ...["", peer, mean(theirs.auc).toFixed(4)],
      `${signed(mean(gained))} (${signed(low)} … ${signed(high)})${high < 0 ? " worse" : ""}`,
      mean(theirs.loss).toFixed(4),
      `${signed(mean(spared))} (${signed(lossLow)} … ${signed(lossHigh)})${lossLow > 0 ? " worse" : ""}`,
      others.seconds[peer].toFixed(0),
    ]);
  }
  const run = [...mine.said.keys()].filter((k) => !Number.isNaN(mine.said[k]));
  return {
    ...{ shown, lines, versions: others.versions },
    probability: run.map((k) => mine.said[k]),
    label: run.map((k) => data.label[k % data.rows]),
  };
}

const lines: Line[] = [];
const pooled: Record<string, { probability: number[]; label: number[] }> = {};
const shown: string[][] = [];
let versions: Record<string, string> = {};
const keep = option("keep", "");
if (keep) await mkdir(keep, { recursive: true });

for (const one of TABLES.filter(({ name }) => wanted.includes(name))) {
  const path = join(loadConfig(process.env).datasets, ...one.path);
  if (!existsSync(path)) {
    note(`${one.name} skipped: no ${path}`);
    continue;
  }
  for (const quality of qualities) {
    const kept = join(keep, `${one.name}-${quality}.json`);
    let result: Result;
    if (keep && existsSync(kept)) result = JSON.parse(await readFile(kept, "utf8"));
    else {
      const { dataset } = await readTable(path, { ...one.wishes, label: one.label });
      note(`${one.name}: ${dataset.rows} rows, ${dataset.columns.length} columns`);
      result = await resultOf(one, quality, dataset);
      if (keep) await writeFile(kept, JSON.stringify(result));
    }
    lines.push(...result.lines);
    shown.push(...result.shown);
    versions = result.versions;
    pooled[quality] ??= { probability: [], label: [] };
    for (const p of result.probability) pooled[quality].probability.push(p);
    for (const y of result.label) pooled[quality].label.push(y);
  }
}

for (const [quality, { probability, label }] of Object.entries(pooled)) {
  for (const peer of PEERS)
    for (const [what, better] of [
      ["AUC gained", "higher"],
      ["log loss gained", "lower"],
    ] as const) {
      const values = lines
        .filter(({ name }) => name.startsWith(what) && name.includes(`${quality} against ${peer}`))
        .map(({ value }) => value);
      const value = mean(values);
      lines.push({
        name: `${what} on average, ${quality} against ${peer}`,
        value,
        goal: 0,
        better,
        runs: values,
        ok: better === "higher" ? value > 0 : value < 0,
      });
    }
  const value = ece(Float64Array.from(probability), Uint8Array.from(label));
  const goal = expectedEce(Float64Array.from(probability), { seed: 1 }).p95;
  lines.push({ name: `pooled ECE, ${quality}`, value, goal, better: "lower", runs: [value], ok: value <= goal });
  note(`pooled ECE of ${quality}: ${value.toFixed(4)}, perfectly calibrated models stay below ${goal.toFixed(4)}`);
}

console.log(table(["table", "", "AUC", "ours gains (95 %)", "log loss", "ours gains (95 %)", "s"], shown));
const machine = { cores: availableParallelism(), load: loadavg()[0], node: process.version };
console.log(JSON.stringify({ bench: "quality", lines, machine, versions, folds, repeats }));
