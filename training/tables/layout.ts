import { PortraitError } from "../../src/errors.ts";
import { isMissing } from "./missing.ts";

/** How a text file is laid out: what DuckDB is told, so that nothing is guessed twice. */
export interface Layout {
  /** One character, or "blanks": one or more blanks or tabs between the values, as in fixed-width files. */
  readonly delimiter: string;
  readonly escapeSign: '"' | "\\";
  readonly header: boolean;
  /** One name a column: from the header, from the caller, or column1, column2 … */
  readonly names: readonly string[];
  /** What stands before the fraction of a number: a comma in files that are not cut by commas. */
  readonly decimal: "." | ",";
}

export interface LayoutWishes {
  /** Names of the columns, for files without a header or with a bad one. */
  readonly columns?: readonly string[];
  /** Whether the first line names the columns; undefined = look and see. */
  readonly header?: boolean;
  readonly delimiter?: string;
}

const LINES = 200;
/** Tried in this order: of two that fit as well, the earlier wins. */
const DELIMITERS = ["\t", ";", "|", ","];

/**
 * Reads the layout off the beginning of a file.
 *
 * The delimiter is the one that cuts most lines, the first among them, into the same number of fields, and into more
 * than one; blanks are tried when none does. The first line is a header when none of its cells is a number or empty
 * and either it stands above a column of numbers or none of its cells comes up again below it.
 *
 * @param sample the first lines as text, without a byte-order mark; the last line may be cut unless `whole`
 * @throws PortraitError TABLE_EMPTY without any line; INPUT_INVALID when `columns` has another length than the rows
 */
export function sniffLayout(sample: string, whole: boolean, wishes: LayoutWishes = {}): Layout {
  const escapeSign = sample.includes('\\"') && !sample.includes('""') ? "\\" : '"';
  const delimiter = wishes.delimiter ?? sniffDelimiter(sample, whole, escapeSign);
  const lines = records(sample, delimiter, escapeSign, whole);
  if (lines.length === 0) throw new PortraitError("TABLE_EMPTY", "Wanted a table, found a file without any line.");

  const width = commonest(lines.slice(0, LINES).map((line) => line.length));
  const header = wishes.header ?? looksLikeHeader(lines);
  if (wishes.columns && wishes.columns.length !== width) {
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a name for each of the ${width} columns, found ${wishes.columns.length} in --columns. Give ${width} names.`,
      { wanted: width, found: wishes.columns.length },
    );
  }
  const names = wishes.columns ?? (header ? lines[0].map((name) => name.trim()) : []);
  return {
    delimiter,
    escapeSign,
    header,
    names: distinctNames(
      Array.from({ length: header && !wishes.columns ? names.length : width }, (_, j) => names[j] ?? ""),
    ),
    decimal: delimiter === "," ? "." : ",",
  };
}

/** Empty names become column1, column2 …; a name that comes again gets a number. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, j) => {
    const wanted = name === "" ? `column${j + 1}` : name;
    let given = wanted;
    for (let n = 2; taken.has(given); n++) given = `${wanted}_${n}`;
    taken.add(given);
    return given;
  });
}

function sniffDelimiter(sample: string, whole: boolean, escapeSign: string): string {
  let best = { delimiter: ",", share: 0, width: 1 };
  for (const delimiter of DELIMITERS) {
    const fit = fitOf(records(sample, delimiter, escapeSign, whole).slice(0, LINES));
    if (fit.width < 2) continue;
    if (fit.share > best.share + 0.05 || (fit.share > best.share - 0.05 && fit.width > best.width))
      best = { delimiter, ...fit };
  }
  if (best.share >= 0.5) return best.delimiter;
  const lines = records(sample, "blanks", escapeSign, whole).slice(0, LINES);
  const fit = fitOf(lines);
  if (fit.width < 2 || fit.share < 0.9) return best.width > 1 ? best.delimiter : ",";
  const runs = sample.split(/\r?\n/, LINES).some((line) => /^ | {2}|\t/.test(line));
  return runs ? "blanks" : " ";
}

/** How many lines have the commonest number of fields; a first line that differs halves the trust. */
function fitOf(lines: readonly (readonly string[])[]): { readonly share: number; readonly width: number } {
  if (lines.length === 0) return { share: 0, width: 0 };
  const width = commonest(lines.map((line) => line.length));
  const share = lines.filter((line) => line.length === width).length / lines.length;
  return { share: lines[0].length === width ? share : share / 2, width };
}

function commonest(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] > a[0]) ? b : a))[0];
}

const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;

function looksLikeHeader(lines: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = lines;
  const cells = first.map((cell) => cell.trim());
  if (cells.some((cell) => NUMBER.test(cell))) return false;
  if (cells.filter((cell) => cell === "").length > 1) return false;
  const below = rest.filter((line) => line.length === first.length).slice(0, LINES);
  if (below.length === 0) return true;
  const column = (j: number) => below.map((line) => line[j].trim()).filter((cell) => !isMissing(cell));
  const overNumbers = cells.some((_, j) => {
    const filled = column(j);
    return filled.length > 0 && filled.every((cell) => NUMBER.test(cell));
  });
  return overNumbers || cells.every((cell, j) => !column(j).includes(cell));
}

/** The lines of a text cut into fields, quotes respected; lines without any character are skipped. */
export function records(text: string, delimiter: string, escapeSign: string, whole: boolean): string[][] {
  if (delimiter === "blanks") {
    const lines = text.split(/\r\n|\n|\r/);
    if (!whole) lines.pop();
    return lines.filter((line) => line.trim() !== "").map((line) => line.trim().split(/[ \t]+/));
  }
  const lines: string[][] = [];
  let fields: string[] = [];
  let field = "";
  let quoted = false;
  let seen = false;
  const endField = () => {
    fields.push(field);
    field = "";
  };
  const endLine = () => {
    if (seen || fields.length > 0) {
      endField();
      lines.push(fields);
    }
    fields = [];
    seen = false;
  };
  for (let i = 0; i < text.length && lines.length <= LINES; i++) {
    const c = text[i];
    if (quoted) {
      if (c === escapeSign && text[i + 1] === '"') field += text[++i];
      else if (c === '"') quoted = false;
      else field += c;
    } else if (c === '"' && field === "") {
      quoted = true;
      seen = true;
    } else if (c === delimiter) {
      endField();
      seen = true;
    } else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[i + 1] === "\n") i++;
      endLine();
    } else {
      field += c;
      seen = true;
    }
  }
  if (whole && !quoted) endLine();
  return lines;
}
