import { createLog, type Log } from "../log.ts";
import { paint } from "./terminal.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The log of a process that speaks to people: JSON lines with --json, else short lines, both on standard error. */
export function processLog(level: string, name: string, json: boolean): Log {
  if (json) return createLog(level, name);
  const from = level === "trace" ? 0 : LEVELS.indexOf(level as (typeof LEVELS)[number]);
  const line = (rank: number) => (facts: Record<string, unknown>, words: string) => {
    if (from < 0 || rank < from) return;
    const time = new Date().toTimeString().slice(0, 8);
    const told = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
      .join(" ");
    const mark = rank >= 3 ? paint("red", "error ") : rank === 2 ? paint("yellow", "warning ") : "";
    process.stderr.write(
      `${paint("dim", `${time} ${name.padEnd(6)}`)} ${mark}${words}${told ? paint("dim", `  ${told}`) : ""}\n`,
    );
  };
  return { debug: line(0), info: line(1), warn: line(2), error: line(3) };
}
