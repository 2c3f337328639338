import { execFileSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { calibrate } from "../../models/calibrate/calibration.ts";
import { ece } from "../../models/metrics/ece.ts";
import { expectedEce } from "../../models/metrics/expected-ece.ts";
import { takeRows } from "../../models/model.ts";
import { table } from "../../src/cli/terminal.ts";
import type { Quality } from "../../src/retraining/recipe.ts";
import { aucGained, aucOf, labelsOf, lossGained, lossOf, mean } from "./bench-figures.ts";
import { type Kept, openKept, type Said } from "./bench-kept.ts";
import { PEERS, peersName, runPeers, type Tuning } from "./bench-peers.ts";
import { type CutTable, cutTable, FOLDS, TABLE_NAMES } from "./bench-tables.ts";
import { decide } from "./decide.ts";
import { cpuMs, rotating } from "./learn.ts";
import { convincingFor, qualityCandidates } from "./quality.ts";

/**
 * Every labelled table, the same repeated stratified folds for all: ours against XGBoost, scikit-learn's
 * HistGradientBoosting and logistic regression. Intervals are of paired differences, 95 %.
 *
 *     npm run bench -- quality [--tables german,telco] [--folds 2] [--repeats 1] [--only balanced|best]
 *       [--run ours|peers|nothing] [--budget 30] [--draws 30] [--tune nested] [--keep folder]
 *
 * `--folds` runs the first so many of five folds; `--repeats` cuts them anew; `--budget` is how long `best` searches (half of
 * what it does by itself). `balanced` stands beside the peers at their
 * defaults, `best` beside peers tuned by 30 random draws (`--draws`), each judged by an inner 3-fold cross-validation. They
 * are tuned once a table, on the rows that the first fold trains on, and keep the parameters found in all folds: this can
 * only favour them, as the other folds' left-out rows were among those, and it costs a fifth. `--tune nested` tunes anew in
 * every fold.
 *
 * With `--keep`, what was said of the rows left out is written there fold by fold, the peers' apart from ours, and what is
 * there is not run again: delete `<table>-<quality>.json` when the code changes. `--run` narrows down what is run; what is
 * kept whole is compared. The whole takes hours on two cores.
 */
const SEED = 20_260_101;

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const wanted = option("tables", TABLE_NAMES.join(",")).split(",");
const folds = Math.min(FOLDS, Number(option("folds", String(FOLDS))));
const repeats = Number(option("repeats", "1"));
const only = option("only", "");
const qualities = (["balanced", "best"] as const).filter((quality) => !only || only === quality);
const runs = option("run", "all");
const budgetMs = 1000 * Number(option("budget", "30"));
const draws = Number(option("draws", "30"));
const tune = option("tune", "once") === "nested" ? "nested" : "once";
const tuningFor = (quality: Quality): Tuning => ({ draws: quality === "best" ? draws : 0, tune, seed: SEED });
const note = (text: string) => process.stderr.write(`${text}\n`);

/** Runs what is not kept yet of ours on a table. */
async function runOurs({ name, data, turns }: CutTable, quality: Quality, kept: Kept): Promise<void> {
  const code = execFileSync("git", ["log", "-1", "--format=%h", "--", "models", "training"], {
    encoding: "utf8",
  }).trim();
  for (const turn of turns) {
    const before = (await kept.load(`${name}-${quality}`))[quality];
    if (before?.said[turn.name]) continue;
    const started = cpuMs();
    const seed = SEED + turn.repeat;
    const development = rotating(takeRows(data, turn.train), seed);
    const plan = { quality, seed, budgetMs, clock: cpuMs, cpuMs, onProgress: () => {} };
    const { winner, why } = decide(await qualityCandidates(development, plan), development, {
      where: "out of fold",
      convincing: convincingFor(quality),
    });
    const part = takeRows(data, turn.test);
    const said = Array.from(winner.model.margins(part.values, part.rows), (m) => calibrate(winner.calibration, m));
    const seconds = (cpuMs() - started) / 1000;
    const words = `${why}${winner.about ? ` (${winner.about})` : ""}; calibrated by ${winner.why}`;
    note(`${name} ${turn.name}, ${quality}, ${seconds.toFixed(0)} s: ${words}`);
    await kept.save(`${name}-${quality}`, quality, {
      said: { ...before?.said, [turn.name]: said },
      seconds: (before?.seconds ?? 0) + seconds,
      why: { ...before?.why, [turn.name]: words },
      code: [...new Set([...(before?.code ?? []), code])],
    });
  }
}

interface Line {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
  readonly better: "lower" | "higher";
  readonly runs: readonly number[];
  readonly interval?: readonly [number, number];
  readonly ok: boolean;
}

const signed = (v: number) => `${v < 0 ? "" : "+"}${v.toFixed(4)}`;

/** Ours beside each peer on one table: rows to show and lines to keep. */
function compare(cut: CutTable, quality: Quality, ours: Said, theirs: Record<string, Said>) {
  const loss = mean(lossOf(cut, ours)).toFixed(4);
  const shown = [[cut.name, quality, mean(aucOf(cut, ours)).toFixed(4), "", loss, "", ours.seconds.toFixed(0)]];
  const lines: Line[] = [];
  for (const peer of PEERS) {
    const gained = aucGained(cut, ours, theirs[peer]);
    const spared = lossGained(cut, ours, theirs[peer]);
    const [low, high] = gained.interval;
    const [lossLow, lossHigh] = spared.interval;
    const name = `${cut.name}, ${quality} against ${peer}${quality === "best" ? " tuned" : ""}`;
    lines.push({ name: `AUC gained, ${name}`, ...gained, goal: 0, better: "higher", ok: high >= 0 });
    lines.push({ name: `log loss gained, ${name}`, ...spared, goal: 0, better: "lower", ok: lossLow <= 0 });
    shown.push([
      ...["", peer, mean(aucOf(cut, theirs[peer])).toFixed(4)],
      `${signed(gained.value)} (${signed(low)} … ${signed(high)})${high < 0 ? " worse" : ""}`,
      mean(lossOf(cut, theirs[peer])).toFixed(4),
      `${signed(spared.value)} (${signed(lossLow)} … ${signed(lossHigh)})${lossLow > 0 ? " worse" : ""}`,
      theirs[peer].seconds.toFixed(0),
    ]);
  }
  return { shown, lines };
}

/** The calibration error of all tables' left-out rows together, beside what a perfectly calibrated model would show. */
function pooledEce(name: string, said: readonly (readonly [number[], Uint8Array])[]): Line {
  const probability = Float64Array.from(said.flatMap(([p]) => p));
  const label = Uint8Array.from(said.flatMap(([, y]) => [...y]));
  const value = ece(probability, label);
  const goal = expectedEce(probability, { seed: 1 }).p95;
  note(`${name}: ${value.toFixed(4)}, perfectly calibrated models stay below ${goal.toFixed(4)}`);
  return { name, value, goal, better: "lower", runs: [value], ok: value <= goal };
}

const kept = await openKept(option("keep", ""));
const lines: Line[] = [];
const shown: string[][] = [];
let versions: Readonly<Record<string, string>> = {};
const pooled: Record<string, [number[], Uint8Array][]> = {};

for (const name of wanted) {
  const cut = await cutTable(name, { folds, repeats, seed: SEED });
  if (!cut) {
    note(`${name} skipped: it is not among the datasets`);
    continue;
  }
  note(`${name}: ${cut.data.rows} rows, ${cut.data.columns.length} columns`);
  for (const quality of qualities) {
    if (runs === "all" || runs === "ours") await runOurs(cut, quality, kept);
    if (runs === "all" || runs === "peers") await runPeers(cut, tuningFor(quality), kept, note);
    const ours = (await kept.load(`${name}-${quality}`))[quality];
    const theirs = await kept.load(peersName(name, tuningFor(quality)));
    const whole = [ours, ...PEERS.map((peer) => theirs[peer])].every((one) =>
      cut.turns.every((t) => one?.said[t.name]),
    );
    if (!whole) {
      note(`${name}, ${quality}: not compared, as not everybody has run`);
      continue;
    }
    const beside = compare(cut, quality, ours, theirs);
    shown.push(...beside.shown);
    lines.push(...beside.lines);
    versions = theirs[PEERS[0]].versions ?? versions;
    const left = cut.turns.map((turn): [number[], Uint8Array] => [
      [...ours.said[turn.name]],
      labelsOf(cut.data.label, turn),
    ]);
    lines.push(pooledEce(`ECE, ${name}, ${quality}`, left));
    pooled[quality] ??= [];
    pooled[quality].push(...left);
  }
}

for (const [quality, said] of Object.entries(pooled)) {
  for (const peer of PEERS)
    for (const [what, better] of [
      ["AUC gained", "higher"],
      ["log loss gained", "lower"],
    ] as const) {
      const runs = lines
        .filter(({ name }) => name.startsWith(what) && name.includes(`${quality} against ${peer}`))
        .map(({ value }) => value);
      const value = mean(runs);
      const name = `${what} on average, ${quality} against ${peer}`;
      lines.push({ name, value, goal: 0, better, runs, ok: better === "higher" ? value > 0 : value < 0 });
    }
  lines.push(pooledEce(`pooled ECE, ${quality}`, said));
}

if (shown.length)
  console.log(table(["table", "", "AUC", "ours gains (95 %)", "log loss", "ours gains (95 %)", "s"], shown));
const machine = { cores: availableParallelism(), load: loadavg()[0], node: process.version };
console.log(JSON.stringify({ bench: "quality", lines, machine, versions, folds, repeats }));
