import type { Column, Model } from "../../models/model.ts";
import type { Usual } from "./artifact.ts";

/** One column's exact share of a score, in numbers and in words. */
export interface Reason {
  readonly feature: string;
  /** Absent when it is missing. */
  readonly value?: number | boolean | string;
  readonly unit?: string;
  /** "0–2", "books, shoes"; absent when nothing is known of it. */
  readonly usual?: string;
  /** In log-odds: above 0 raises the probability, below 0 lowers it. */
  readonly contribution: number;
  /** "3 orders in the last 90 days (usually 0–2): raises it" */
  readonly words: string;
}

export interface Explanation {
  /** The log-odds that the contributions of all columns add to: base + Σ contributions = margin. */
  readonly base: number;
  /** Strongest first; columns without any effect are left out. */
  readonly reasons: readonly Reason[];
}

/**
 * Explains rows of one model by its exact contributions.
 *
 * @param usual for each column in order, as in the manifest; what is not there is not said
 * Cost of a call: one `contributions` of the model, O(columns log columns), and the words of `top` columns.
 */
export function createExplainer(
  model: Model,
  usual: readonly Usual[],
): (row: Float64Array, top: number) => Explanation {
  const { columns } = model;
  const usually = columns.map((column, j) => (usual[j] ? usualWords(column, usual[j]) : undefined));
  return (row, top) => {
    const share = new Float64Array(columns.length);
    const base = model.contributions(row, share);
    const order = Array.from(share.keys())
      .filter((j) => share[j] !== 0)
      .sort((a, b) => Math.abs(share[b]) - Math.abs(share[a]) || a - b)
      .slice(0, top);
    return { base, reasons: order.map((j) => reason(columns[j], row[j], usually[j], share[j])) };
  };
}

function reason(column: Column, cell: number, usual: string | undefined, contribution: number): Reason {
  const value = cellValue(column, cell);
  const unit = "unit" in column ? column.unit : undefined;
  const range = usual === undefined ? "" : ` (usually ${usual})`;
  return {
    feature: column.name,
    ...(value !== undefined && { value }),
    ...(unit !== undefined && { unit }),
    ...(usual !== undefined && { usual }),
    contribution,
    words: `${valueWords(column, value, unit)}${range}: ${contribution > 0 ? "raises it" : "lowers it"}`,
  };
}

/** A cell as the caller knows it: a category's text, true or false, a number; undefined = missing. */
export function cellValue(column: Column, cell: number): number | boolean | string | undefined {
  if (Number.isNaN(cell)) return undefined;
  if (column.type === "category") return column.categories[cell];
  return column.type === "boolean" ? cell !== 0 : cell;
}

/** Units that are said by how the number is written. */
const SILENT_UNITS = new Set(["currency", "share"]);

/** "3 orders in the last 90 days", "favourite category: books", "age: not known". */
function valueWords(column: Column, value: number | boolean | string | undefined, unit: string | undefined): string {
  const about = column.about ?? column.name;
  if (value === undefined) return `${about}: not known`;
  if (typeof value === "boolean") return `${about}: ${value ? "yes" : "no"}`;
  if (typeof value === "string") return `${about}: ${value}`;
  const number = numberWords(value, unit);
  if (unit === undefined || SILENT_UNITS.has(unit)) return `${about}: ${number}`;
  const said = about.toLowerCase().split(/\W+/).indexOf(unit.toLowerCase());
  if (said === 0) return `${number} ${value === 1 ? inSingular(about) : about}`;
  return said > 0 ? `${about}: ${number}` : `${about}: ${number} ${value === 1 ? inSingular(unit) : unit}`;
}

/** "1 order in the last 90 days": the first word of the phrase without its plural. */
const inSingular = (about: string): string =>
  about.replace(/^\S+/, (word) => word.replace(/ies$/, "y").replace(/(?<=ss|sh|ch|x)es$|(?<!s)s$/, ""));

/** Short for people: 1,234 · 12.5 · 0.0042. Whole numbers whole; money with cents, shares in per cent, days to a tenth. */
export function numberWords(value: number, unit?: string): string {
  if (unit === "currency") {
    return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  if (unit === "share") return `${Number((100 * value).toPrecision(3))} %`;
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return Math.round(value).toLocaleString("en-US");
  if (unit === "days") return String(Number(value.toFixed(1)));
  return String(Number(value.toPrecision(size >= 1 ? 3 : 2)));
}

function usualWords(column: Column, usual: Usual): string | undefined {
  if ("top" in usual)
    return usual.top.length
      ? usual.top
          .slice(0, 3)
          .map(({ value }) => value)
          .join(", ")
      : undefined;
  const { low, high } = usual;
  if (low === null || high === null) return undefined;
  if (column.type === "boolean") return low === high ? (low ? "yes" : "no") : "yes or no";
  const unit = "unit" in column ? column.unit : undefined;
  const [from, to] = [numberWords(low, unit), numberWords(high, unit)];
  return from === to ? from : `${from}–${to}`;
}
