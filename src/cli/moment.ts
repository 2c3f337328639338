import { InvalidArgumentError } from "commander";
import { parseIso } from "../events/segment-call.ts";

/** An option that is a moment, in ms since 1970; UTC unless it says otherwise. A day without a time is its midnight. */
export function moment(text: string): number {
  const ms = parseIso(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("Wanted a moment such as 2026-07-01 or 2026-07-01T12:00:00Z.");
  return ms;
}
