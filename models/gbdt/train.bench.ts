import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, type BenchLine, benchLine } from "../bench-line.ts";
import { logistic } from "../math/logistic.ts";
import { auc } from "../metrics/auc.ts";
import { aucDifference } from "../metrics/auc-difference.ts";
import { logLoss } from "../metrics/log-loss.ts";
import type { Dataset } from "../model.ts";
import { benchRows } from "./bench-data.ts";
import { writeTable } from "./bench-files.ts";

const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const TEST = 50_000;
/** Larger tables than this take scikit-learn longer than the whole rest. */
const SKLEARN_CELLS = 20_000_000;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** One table and number of threads. */
interface Course {
  readonly rows: number;
  readonly columns: number;
  readonly threads: number;
}

/** The lines of the goal; `--sizes`, or every combination of `--rows`, `--columns` and `--threads`, ask for others. */
const GOAL: readonly Course[] = [
  { rows: 200_000, columns: 35, threads: 1 },
  { rows: 200_000, columns: 35, threads: 2 },
  { rows: 1_000_000, columns: 35, threads: 2 },
];

interface Trained {
  readonly seconds: number;
  readonly cpu: number;
  /** The most that the process held, its libraries and the input included, and what it held before training, MB. */
  readonly megabytes: number;
  readonly before: number;
  readonly auc: number;
  readonly loss: number;
  readonly margins: Float64Array;
  readonly version?: string;
}

/**
 * Training against XGBoost `hist` (and, once, scikit-learn's histogram trees) on the same rows with the same parameters: depth 6,
 * shrinkage 0.1, 256 bins, the same base score. Binning is timed, reading files is not. A process for each run, warmed on 2,000
 * rows, held to as many cores as it has threads (taskset), ours and theirs by turns; each of our runs has a seed of its own.
 * On a busy machine XGBoost's threads spin while they wait for each other, which flatters us: two threads want a quiet one.
 *
 * `--sizes 20kx10,200kx35,1Mx35` or `--rows 20000,200000,1000000` `--columns 10,35,200`; `--threads 1,2` `--rounds 100`
 * `--runs 5`. `--sizes all` is 20k, 200k and 1M rows of 10, 35 and 200 columns, but for 1M × 200: XGBoost would need 4 GiB.
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const rounds = Number(options.rounds ?? 100);
  const courses = coursesOf(options).filter(({ threads }) => {
    const fits = threads <= availableParallelism();
    if (!fits) say(`${threads} threads are left out: this machine has ${availableParallelism()} cores`);
    return fits;
  });
  if (spawnSync("taskset", ["-V"]).error) say("There is no taskset: processes are not held to cores");
  // What is left: a training costs about as much as it has cells, a second thread takes off some 40 %.
  const costOf = ({ rows, columns, threads }: Course) => (rows * columns) / (threads === 1 ? 1 : 1.6);
  let left = courses.reduce((sum, course) => sum + costOf(course) * runs, 0);
  let spent = 0;
  let done = 0;
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  const lines: BenchLine[] = [];
  let table = "";
  let test = benchRows(0, 2);
  try {
    for (const course of courses) {
      const { rows, columns, threads } = course;
      const about = `${rows / 1000}k × ${columns}, ${threads} thread${threads > 1 ? "s" : ""}`;
      if (table !== `${rows} ${columns}`) {
        say(`Making ${rows / 1000}k × ${columns} …`);
        table = `${rows} ${columns}`;
        test = benchRows(TEST, 2, columns);
        writeTable(folder, "test", test);
        writeTable(folder, "train", benchRows(rows, 1, columns));
      }
      const ours: Trained[] = [];
      const theirs: Trained[] = [];
      const row = (name: string, { seconds, cpu, megabytes, before, auc, loss }: Trained) =>
        say(
          `${about}  ${name.padEnd(18)} ${seconds.toFixed(2)} s  cpu ${cpu.toFixed(2)} s  ${megabytes.toFixed(0)} MB (${before.toFixed(0)} before)  AUC ${auc.toFixed(5)}  log loss ${loss.toFixed(5)}`,
        );
      for (let run = 0; run < runs; run++) {
        const started = performance.now();
        ours.push(await trainOurs(folder, course, rounds, run + 1, test));
        row("gbdt", ours[run]);
        const peer = await trainPeer("xgboost", folder, course, rounds, test);
        if (typeof peer === "string") {
          say(`XGBoost does not train at ${PYTHON}, so there is nothing to compare with: ${peer}`);
          break;
        }
        theirs.push(peer);
        row(`XGBoost ${peer.version}`, peer);
        spent += (performance.now() - started) / 1000;
        done += costOf(course);
        left -= costOf(course);
        say(`  ${run + 1} of ${runs} runs; about ${Math.ceil((left * spent) / done / 60)} minutes left of all`);
      }
      if (!theirs.length) return lines;
      // scikit-learn does not show how a second thread helps XGBoost or us, and takes longest of all.
      if (threads === Math.min(...courses.map((one) => one.threads)) && rows * columns <= SKLEARN_CELLS) {
        const peer = await trainPeer("sklearn", folder, course, rounds, test);
        if (typeof peer !== "string") {
          row(`scikit-learn ${peer.version}`, peer);
          const times = ours.map((one) => one.seconds / peer.seconds);
          lines.push(benchLine(`wall time / scikit-learn HGB ${peer.version} (once), ${about}`, times, "lower"));
        }
      }
      lines.push(...linesOf(about, ours, theirs, test.label));
    }
    return lines;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

function coursesOf(options: Readonly<Record<string, string>>): readonly Course[] {
  if (!options.sizes && !options.rows && !options.columns && !options.threads) return GOAL;
  const list = (given: string | undefined, otherwise: string) => (given ?? otherwise).split(",").map(Number);
  const sizes = options.sizes
    ? sizesOf(options.sizes === "all" ? ALL : options.sizes)
    : list(options.rows, "200000").flatMap((rows) => list(options.columns, "35").map((columns) => ({ rows, columns })));
  return sizes.flatMap((size) => list(options.threads, "1,2").map((threads) => ({ ...size, threads })));
}

const ALL = "20kx10,20kx35,20kx200,200kx10,200kx35,200kx200,1Mx10,1Mx35";

/** "200kx35,1Mx35" */
function sizesOf(text: string): { readonly rows: number; readonly columns: number }[] {
  return text.split(",").map((size) => {
    const [, count, unit = "", columns] = /^(\d+)([kM]?)x(\d+)$/.exec(size) ?? [];
    if (!count) throw new Error(`Wanted sizes such as 200kx35 or 1Mx35, found "${size}".`);
    return { rows: Number(count) * { k: 1000, M: 1_000_000, "": 1 }[unit as "k" | "M" | ""], columns: Number(columns) };
  });
}

function linesOf(about: string, ours: readonly Trained[], theirs: readonly Trained[], label: Uint8Array): BenchLine[] {
  const ratios = (of: (one: Trained) => number) => ours.map((one, run) => of(one) / of(theirs[run]));
  const apart = (of: (one: Trained) => number) => ours.map((one, run) => of(one) - of(theirs[run]));
  const tests = ours.map((one, run) => aucDifference(one.margins, theirs[run].margins, label).worse);
  const line = (name: string, values: readonly number[], better: "lower" | "higher", goal?: number) =>
    benchLine(`${name}, ${about}`, values, better, goal);
  return [
    line(
      "wall time / XGBoost",
      ratios((one) => one.seconds),
      "lower",
      0.5,
    ),
    line(
      "CPU time / XGBoost",
      ratios((one) => one.cpu),
      "lower",
    ),
    line(
      "peak memory of the process, input included / XGBoost",
      ratios((one) => one.megabytes),
      "lower",
      0.6,
    ),
    line(
      "peak memory that training adds / XGBoost",
      ratios((one) => one.megabytes - one.before),
      "lower",
    ),
    line(
      "AUC − XGBoost",
      apart((one) => one.auc),
      "higher",
    ),
    line("AUC not worse by a paired test: DeLong's one-sided p", tests, "higher", 0.05),
    line(
      "log loss − XGBoost",
      apart((one) => one.loss),
      "lower",
    ),
  ];
}

const trainOurs = (folder: string, { columns, threads }: Course, rounds: number, seed: number, test: Dataset) => {
  const params = JSON.stringify({ threads, rounds, tries: [] });
  const args = [...process.execArgv, here("bench-train-child.ts"), folder, `${columns}`, `${seed}`, params];
  return held(threads, process.execPath, args, test);
};

const trainPeer = (
  peer: string,
  folder: string,
  { columns, threads }: Course,
  rounds: number,
  test: Dataset,
): Promise<Trained | string> => {
  const job = { do: "train", folder, width: columns, peer, threads, rounds };
  return held(threads, PYTHON, [here("bench-peer.py"), JSON.stringify(job)], test).catch(
    (error: { stderr?: string }) => error.stderr?.trim().split("\n").at(-1) ?? String(error),
  );
};

/** Runs a training on the machine's last `threads` cores and judges what it says of the test rows. */
async function held(threads: number, command: string, args: readonly string[], test: Dataset): Promise<Trained> {
  const cores = availableParallelism();
  const pin = ["-c", `${cores - threads}-${cores - 1}`, command];
  const [file, all] = spawnSync("taskset", ["-V"]).error ? [command, args] : ["taskset", [...pin, ...args]];
  const env = { ...process.env, OMP_NUM_THREADS: `${threads}` };
  const { stdout } = await promisify(execFile)(file, all, { maxBuffer: 2 ** 28, env });
  const said = JSON.parse(stdout) as Trained & { margins: number[] };
  const margins = Float64Array.from(said.margins);
  return {
    ...said,
    margins,
    auc: auc(margins, test.label),
    loss: logLoss(Float64Array.from(margins, logistic), test.label),
  };
}
