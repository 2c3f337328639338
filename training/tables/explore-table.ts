import { quantile } from "../../models/math/quantile.ts";
import { paint, table } from "../../src/cli/terminal.ts";
import { numberWords } from "../../src/scoring/reasons.ts";
import { missingShare, typeWords, wholePercent } from "./describe-table.ts";
import { type ReadTable, sourceName } from "./read-table.ts";

/** One column as someone who meets a table for the first time wants to see it. */
export interface ExploredColumn {
  readonly name: string;
  readonly type: string;
  readonly why: string;
  /** Share of the rows. */
  readonly missing: number;
  readonly distinct: number;
  /** Of numbers that are learned from: over the rows with a value. */
  readonly numbers?: {
    readonly min: number;
    readonly low: number;
    readonly median: number;
    readonly high: number;
    readonly max: number;
    readonly mean: number;
    readonly deviation: number;
  };
  readonly top: readonly { readonly value: string; readonly share: number }[];
  /** With a label: AUC of the column by itself, and for numbers and booleans Pearson's correlation with it. */
  readonly alone?: number;
  readonly correlation?: number;
  readonly leftOut?: string;
  readonly warning?: string;
}

const TOP = 5;

/** What is in a table, column by column. Columns whose cells are never shown (free text, identifiers) give no values. */
export function exploreTable(read: ReadTable): ExploredColumn[] {
  return read.columns.map((report) => {
    const { name, inferred, facts, alone, leftOut, warning } = report;
    const j = read.dataset.columns.findIndex((column) => sourceName(column) === name && column.type !== "category");
    const values = j < 0 ? undefined : read.dataset.values[j];
    const shown = inferred.type === "category" || inferred.type === "boolean" || leftOut?.code === "label";
    return {
      name,
      type: typeWords(report),
      why: inferred.why,
      missing: missingShare(report),
      distinct: facts.distinct,
      ...(values && inferred.type === "number" && { numbers: numbersOf(values) }),
      top: shown ? facts.top.slice(0, TOP).map(({ value, count }) => ({ value, share: count / facts.filled })) : [],
      ...(alone && { alone: alone.auc }),
      ...(values && read.label && { correlation: correlation(values, read.dataset.label) }),
      ...(leftOut && { leftOut: leftOut.words }),
      ...(warning && { warning }),
    };
  });
}

function numbersOf(values: ArrayLike<number>): ExploredColumn["numbers"] {
  const sorted = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (sorted.length === 0) return undefined;
  const mean = sorted.reduce((sum, value) => sum + value / sorted.length, 0);
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2 / Math.max(1, sorted.length - 1), 0);
  return {
    min: sorted[0],
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
    max: sorted[sorted.length - 1],
    mean,
    deviation: Math.sqrt(variance),
  };
}

/** Pearson's r over the rows where the value is there; NaN when either does not vary. */
export function correlation(values: ArrayLike<number>, label: Uint8Array): number {
  let [n, sx, sy] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    n++;
    sx += values[i];
    sy += label[i];
  }
  const [mx, my] = [sx / n, sy / n];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    xx += (values[i] - mx) ** 2;
    yy += (label[i] - my) ** 2;
    xy += (values[i] - mx) * (label[i] - my);
  }
  return xy / Math.sqrt(xx * yy);
}

const cut = (text: string, width: number) => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

/** The columns as two tables for a terminal: numbers with their spread, the rest with their commonest values. */
export function renderExplored(read: ReadTable, columns: readonly ExploredColumn[]): string {
  const withLabel = read.label !== undefined;
  const share = (part: number) => (part === 0 ? "" : part < 0.001 ? "< 0.1 %" : `${(100 * part).toFixed(1)} %`);
  const tied = (column: ExploredColumn) =>
    withLabel
      ? [
          column.alone?.toFixed(3) ?? "",
          column.correlation === undefined || Number.isNaN(column.correlation) ? "" : column.correlation.toFixed(3),
        ]
      : [];
  const tiedHeader = withLabel ? ["alone", "corr."] : [];
  const numeric = columns.filter(({ numbers }) => numbers);
  const rest = columns.filter(({ numbers }) => !numbers);
  const lines = [
    paint("bold", `${read.file.name}: ${read.rows.toLocaleString("en-US")} rows, ${columns.length} columns`),
    ...read.remarks,
    ...(read.label
      ? [
          `label ${read.label.column}: ${read.label.positive} in ${(100 * read.label.rate).toFixed(1)} % of the rows (${read.label.why})`,
        ]
      : []),
  ];
  if (numeric.length) {
    const header = ["number", "missing", "min", "25 %", "median", "75 %", "max", "mean", "deviation", ...tiedHeader];
    const rows = numeric.map((column) => [
      cut(column.name, 28),
      share(column.missing),
      ...(column.numbers
        ? [
            column.numbers.min,
            column.numbers.low,
            column.numbers.median,
            column.numbers.high,
            column.numbers.max,
            column.numbers.mean,
            column.numbers.deviation,
          ].map(short)
        : []),
      ...tied(column),
    ]);
    lines.push("", table(header, rows));
  }
  if (rest.length) {
    const rows = rest.map((column) => [
      cut(column.name, 28),
      column.type,
      share(column.missing),
      column.distinct.toLocaleString("en-US"),
      ...tied(column),
      cut(column.top.map(({ value, share: part }) => `${cut(value, 16)} ${wholePercent(part)}`).join(", "), 60),
    ]);
    lines.push("", table(["other", "type", "missing", "distinct", ...tiedHeader, "commonest"], rows));
  }
  const noted = columns.filter(({ leftOut, warning }) => (leftOut && leftOut !== "the label") || warning);
  if (noted.length) {
    const width = Math.max(...noted.map(({ name }) => Math.min(28, name.length)));
    lines.push("", paint("bold", "A training would leave out, or should look at"));
    for (const { name, leftOut, warning } of noted)
      lines.push(`  ${cut(name, 28).padEnd(width)}  ${leftOut ?? warning}`);
  }
  return lines.join("\n");
}

function short(value: number): string {
  const big = Math.abs(value) >= 1e9 || (value !== 0 && Math.abs(value) < 1e-4);
  if (big) return value.toExponential(2);
  return Number.isInteger(value) && Math.abs(value) < 10_000 ? String(value) : numberWords(value);
}

/** For machines: the report without what JSON cannot say. */
export const exploredJson = (read: ReadTable, columns: readonly ExploredColumn[]) => ({
  file: read.file,
  rows: read.rows,
  brokenRows: read.brokenRows,
  remarks: read.remarks,
  ...(read.label && { label: read.label }),
  columns: columns.map(({ correlation: r, ...column }) => ({
    ...column,
    ...(r !== undefined && !Number.isNaN(r) && { correlation: r }),
  })),
});
