import type { Command } from "commander";
import { PortraitError } from "../errors.ts";

/** How a table file is to be read, as typed. */
export interface TableFlags {
  readonly columns?: string;
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly skipBroken?: boolean;
}

/** The options that every command that reads a table has. */
export const addTableOptions = (command: Command): Command =>
  command
    .option("--columns <names>", "names of the columns, for a file without a header, e.g. a,b,c")
    .option("--header", "the first line names the columns (seen by itself when not said)")
    .option("--no-header", "the first line is a row")
    .option("--delimiter <sign>", "what cuts the values: , ; | tab blanks (seen by itself when not said)")
    .option("--skip-broken", "leave out rows with too few or too many fields, and count them");

export function tableOptions({ columns, header, delimiter, skipBroken }: TableFlags) {
  return { columns: namesIn(columns), header, delimiter: delimiterOf(delimiter), skipBroken };
}

/** "a, b" → ["a", "b"] */
export const namesIn = (list: string | undefined): string[] | undefined =>
  list
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

function delimiterOf(sign: string | undefined): string | undefined {
  if (sign === undefined || sign === "blanks" || (sign.length === 1 && sign !== '"')) return sign;
  if (sign === "tab" || sign === "\\t") return "\t";
  throw new PortraitError("INPUT_INVALID", `Wanted one sign, "tab" or "blanks" in --delimiter, found "${sign}".`);
}
