import { PortraitError } from "../errors.ts";

const MS: Readonly<Record<string, number>> = {
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** "60s", "2m", "50us" or "1.5ms" as milliseconds. @throws INPUT_INVALID for anything else, and for nothing */
export function durationMs(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-zµ]+)$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (Object.hasOwn(MS, unit ?? "") ? MS[unit] : Number.NaN);
  if (ms > 0) return ms;
  throw new PortraitError(
    "INPUT_INVALID",
    `Wanted a time with its unit in ${option}, like 60s, 2m or 50us (${Object.keys(MS).join(", ")}), found "${text}".`,
  );
}
