import { paint, table } from "../../src/cli/terminal.ts";
import { numberWords } from "../../src/scoring/reasons.ts";
import { MOST_CATEGORIES } from "./column-facts.ts";
import type { ColumnReport, ReadTable } from "./read-table.ts";

const count = (n: number) => n.toLocaleString("en-US");
const percent = (share: number) => (share === 0 ? "" : share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
const cut = (text: string, width: number) => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
const MOST_LINES = 80;

/** A table's columns for people: what each is taken for, how much is missing, what it holds; then what is left out, and why. */
export function describeTable(read: ReadTable): string {
  const used = read.columns.filter(({ leftOut }) => !leftOut);
  const out = read.columns.filter(({ leftOut }) => leftOut && leftOut.code !== "label");
  const warned = used.filter(({ warning }) => warning);
  const odd = used.filter(({ unreadable, inferred }) => unreadable > 0 && inferred.type !== "category");
  const withAlone = read.label !== undefined;
  return [
    paint("bold", `${read.file.name}: ${count(read.rows)} rows, ${read.columns.length} columns${layoutWords(read)}`),
    ...rowsWords(read).map((line) => `  ${line}`),
    "",
    indent(
      table(
        ["column", "type", "missing", "holds", ...(withAlone ? ["alone"] : [])],
        used
          .slice(0, MOST_LINES)
          .map((column) => [
            cut(column.name, 30),
            typeWords(column),
            percent(missingShare(column)),
            cut(holds(column), 48),
            ...(withAlone ? [column.alone ? column.alone.auc.toFixed(3) : ""] : []),
          ]),
      ),
    ),
    ...(used.length > MOST_LINES ? [`  … and ${used.length - MOST_LINES} more; --json has them all`] : []),
    ...(withAlone
      ? [paint("dim", "  alone: AUC of the column by itself; 0.5 says nothing, 1 gives the answer away")]
      : []),
    ...section("Left out", out, ({ leftOut }) => leftOut?.words ?? ""),
    ...section("To look at", warned, ({ warning }) => warning ?? ""),
    ...section(
      "Read as missing",
      odd,
      ({ unreadable, inferred }) => `${count(unreadable)} cells that are no ${inferred.type}`,
    ),
  ].join("\n");
}

const indent = (text: string) => text.replace(/^(?=.)/gm, "  ");

function section(title: string, columns: readonly ColumnReport[], words: (column: ColumnReport) => string): string[] {
  if (columns.length === 0) return [];
  const width = Math.min(30, Math.max(...columns.map(({ name }) => name.length)));
  return ["", paint("bold", title), ...columns.map((one) => `  ${cut(one.name, 30).padEnd(width)}  ${words(one)}`)];
}

function layoutWords({ file }: ReadTable): string {
  const { layout } = file;
  if (!layout) return " (Parquet)";
  const names: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks" };
  return ` (cut by ${names[layout.delimiter] ?? layout.delimiter}, ${layout.header ? "with" : "without"} a header)`;
}

function rowsWords({ label, rows, brokenRows, withoutTime, remarks }: ReadTable): string[] {
  const lines = [...remarks];
  if (label) {
    const { column, positive, negative, rate, missing, why } = label;
    lines.push(
      `label ${column}: ${positive} is positive (${why}), ${(100 * rate).toFixed(1)} % of the rows; ${negative} is not`,
    );
    if (missing) lines.push(`${count(missing)} of ${count(rows)} rows have no label and are left out`);
  }
  if (withoutTime) lines.push(`${count(withoutTime)} rows have no time and are left out`);
  if (brokenRows) lines.push(`${count(brokenRows)} broken rows were skipped`);
  return lines;
}

export const wholePercent = (share: number): string => (share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`);

export const missingShare = ({ facts }: ColumnReport): number => 1 - facts.filled / facts.rows;

export function typeWords({ inferred, facts }: ColumnReport): string {
  if (inferred.type === "date") return `date ${inferred.format}`;
  return inferred.type === "category" ? `category of ${count(facts.distinct)}` : inferred.type;
}

/** "0 … 2,549.4" or "Yes 55 %, No 45 %". */
export function holds({ inferred, facts }: ColumnReport): string {
  if (inferred.type === "number") return `${numberWords(facts.min)} … ${numberWords(facts.max)}`;
  if (inferred.type === "identifier" || inferred.type === "text") return `${count(facts.distinct)} different`;
  const shown = facts.top
    .slice(0, 3)
    .map(({ value, count: n }) => `${cut(value, 18)} ${wholePercent(n / facts.filled)}`);
  if (inferred.type === "date") return facts.top.length ? `e.g. ${facts.top[0].value}` : "";
  const rest = facts.distinct > MOST_CATEGORIES ? ` (${MOST_CATEGORIES} told apart)` : "";
  return shown.join(", ") + rest;
}
