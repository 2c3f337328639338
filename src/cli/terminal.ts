import { styleText } from "node:util";
import { PortraitError } from "../errors.ts";

type Style = Parameters<typeof styleText>[0];

/** Colour where a person looks at it; plain text in a pipe, in CI, or with NO_COLOR. */
export const paint = (style: Style, text: string): string =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

/** Text that somebody else chose, without what a terminal obeys: an event may not clear the screen of who looks at it. */
export const harmless = (text: string): string => text.replace(/\p{Cc}/gu, "\ufffd");

/** Says a failure once, in words for people or as one JSON object; answers the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof PortraitError) {
    if (json)
      process.stdout.write(
        `${JSON.stringify({ error: { code: error.code, message: error.message, facts: error.facts } })}\n`,
      );
    else process.stderr.write(`${error.code}: ${error.message}\n`);
    return 1;
  }
  process.stderr.write(
    `This is a bug in portrait: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 70;
}

/** Columns aligned by their widest cell; numbers (cells that start with a digit, + or -) to the right. */
export function table(header: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(harmless));
  const width = header.map((cell, j) => Math.max(cell.length, ...rows.map((row) => (row[j] ?? "").length)));
  const right = header.map((_, j) => rows.length > 0 && rows.every((row) => /^([-+−]?[\d.]|$|–)/.test(row[j] ?? "")));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, j) => (right[j] ? cell.padStart(width[j]) : cell.padEnd(width[j])))
      .join("  ")
      .trimEnd();
  return [paint("dim", line(header)), ...rows.map(line)].join("\n");
}
