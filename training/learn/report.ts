import { gain } from "../../models/metrics/gain.ts";
import { reliability } from "../../models/metrics/reliability.ts";
import { paint, table } from "../../src/cli/terminal.ts";
import type { MetricSet } from "../../src/scoring/artifact.ts";
import type { ColumnStrength, Learned } from "./learned.ts";
import { calibrationPlot, gainPlot } from "./plots.ts";

/** What the report is of. */
export interface ReportAbout {
  /** "churn, version 2026-03-01T12-00". */
  readonly title: string;
  /** What a positive row is, in words: "Churn is Yes". */
  readonly positive: string;
  readonly seed: number;
}

const COLUMNS_SHOWN = 10;
const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const count = (value: number) => value.toLocaleString("en-US");
const three = (value: number | null | undefined) => (value === null || value === undefined ? "–" : value.toFixed(3));
const four = (value: number | null | undefined) => (value === null || value === undefined ? "–" : value.toFixed(4));

/** Everything a person wants to know of a training, for a terminal of 100 columns. */
export function renderReport(learned: Learned, about: ReportAbout): string {
  const { kind } = learned.model;
  const own = learned.metrics[kind];
  const { probability, label } = learned.test;
  return [
    section(about.title, [
      `positive           ${about.positive}: ${percent(own.positives / own.rows)} of the test rows`,
      `rows               ${rowsWords(learned)}`,
      ...(learned.notes ?? []).map((note) => `                   ${note}`),
      `learner            ${kind}${learned.backend ? ` on ${learned.backend}` : ""}, seed ${about.seed}${secondsWords(learned)}`,
      ...wrapped(learned.why).map((line) => `                   ${line}`),
    ]),
    ...candidateSection(learned),
    section("On the test rows, read once", [
      metricsTable(learned.metrics),
      "",
      ...inWords(own, learned.metrics.constant),
    ]),
    section(
      "Does it mean what it says? Test rows in tenths by what was said",
      calibrationPlot(reliability(probability, label)),
    ),
    section("Whom to take first? The best-scored tenths and what they find", gainPlot(gain(probability, label))),
    section("What moves it: part of all movement in the log-odds", strengthTable(learned.strength ?? [])),
  ].join("\n\n");
}

const section = (title: string, lines: readonly string[]) =>
  [paint("bold", title), ...lines.map((l) => indent(l))].join("\n");
const indent = (text: string) => text.replace(/^(?=.)/gm, "  ");

function rowsWords({ parts }: Learned): string {
  const { fit, choose, test, folds, by } = parts;
  const cut = by === "time" ? "oldest to newest" : "by chance";
  const developed = folds
    ? `${count(fit + choose)} to fit and choose, in ${folds} rotating folds`
    : `${count(fit)} to fit · ${count(choose)} to choose and calibrate`;
  return `${developed} · ${count(test)} to test (${cut})`;
}

/** Cut at blanks into lines of about 95 signs. */
const wrapped = (text: string): string[] => text.match(/.{1,95}(?= |$)/g)?.map((line) => line.trim()) ?? [];

function secondsWords({ seconds, model }: Learned): string {
  const own = seconds?.[model.kind];
  return own === undefined ? "" : `, fitted in ${own.toFixed(1)} s`;
}

/** Who stood where, when more than one was tried. */
function candidateSection({ candidates = [] }: Learned): string[] {
  if (candidates.filter(({ name }) => name !== "constant").length < 2) return [];
  const timed = candidates.some(({ microseconds }) => microseconds !== undefined);
  const rows = candidates.map((c) => [
    c.name,
    `${c.logLoss.toFixed(4)} ± ${c.standardError.toFixed(4)}`,
    c.behind === 0 && c.behindError === 0
      ? "taken"
      : `${c.behind < 0 ? "" : "+"}${c.behind.toFixed(4)} ± ${c.behindError.toFixed(4)}`,
    `${c.seconds.toFixed(1)} s`,
    ...(timed ? [c.microseconds === undefined ? "" : `${c.microseconds.toFixed(1)} µs`] : []),
  ]);
  const header = ["", "log loss", "against the taken one", "to fit", ...(timed ? ["a score"] : [])];
  const made = candidates.flatMap(({ name, about }) => (about ? wrapped(`${name}: ${about}`) : []));
  return [section("What was tried, on rows that it had not fitted (± standard error)", [table(header, rows), ...made])];
}

function metricsTable(metrics: Learned["metrics"]): string {
  const rows = Object.entries(metrics).map(([name, m]) => [
    name,
    three(m.auc),
    m.auc === null || m.auc === 0.5 ? "–" : `${three(m.aucLow)} … ${three(m.aucHigh)}`,
    three(m.averagePrecision),
    four(m.logLoss),
    four(m.brier),
    four(m.ece),
    three(m.ks),
  ]);
  return table(["", "AUC", "95 %", "avg precision", "log loss", "Brier", "calib. error", "KS"], rows);
}

function inWords(own: MetricSet, constant: MetricSet | undefined): string[] {
  const lines: string[] = [];
  if (own.auc !== null)
    lines.push(
      `AUC           of a positive and a negative row, the positive one scores higher ${Math.round(own.auc * 100)} times in 100`,
    );
  if (own.logLoss !== null && constant?.logLoss && constant !== own)
    lines.push(
      `log loss      ${percent(1 - own.logLoss / constant.logLoss)} less than saying the base rate to everybody`,
    );
  if (own.ece !== null && own.eceLimit !== null && own.eceLimit !== undefined)
    lines.push(
      own.ece <= own.eceLimit
        ? `calib. error  no more than a perfectly calibrated model may show on so many rows (up to ${four(own.eceLimit)})`
        : `calib. error  more than a perfectly calibrated model would show on so many rows (up to ${four(own.eceLimit)}): look below`,
    );
  return lines;
}

function strengthTable(strength: readonly ColumnStrength[]): string[] {
  const speaking = strength.filter((s) => s.mean > 0);
  if (!speaking.length) return ["nothing: the same answer for every row"];
  const shown = speaking.slice(0, COLUMNS_SHOWN);
  const lines = table(
    ["column", "part", "direction"],
    shown.map((s) => [s.column, percent(s.share, 0), s.words]),
  );
  const left = speaking.length - shown.length;
  return left > 0 ? [lines, `and ${left} more`] : [lines];
}
