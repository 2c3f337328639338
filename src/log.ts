import { pino } from "pino";

/** A structured log line: words first, then facts. Facts never name a person (no ids of entities, no traits). */
export interface Log {
  debug(facts: Record<string, unknown>, words: string): void;
  info(facts: Record<string, unknown>, words: string): void;
  warn(facts: Record<string, unknown>, words: string): void;
  error(facts: Record<string, unknown>, words: string): void;
}

/** JSON lines on standard error, so that standard output stays for answers. */
export function createLog(level: string, name: string): Log {
  return pino({ level, name, base: { name } }, pino.destination({ dest: 2, sync: true }));
}

/** For tests and for commands that speak to people themselves. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
