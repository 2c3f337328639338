import { z } from "zod";

export const SLOT_MS = 300_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Buckets older than this, counted back from the newest event of the entity, are dropped. */
export const SLOTS_KEPT = 300;
export const HOUR_DAYS_KEPT = 90;
export const DAYS_KEPT = 400;
/** An hour window is made of so many slots an hour. */
export const SLOTS_AN_HOUR = HOUR_MS / SLOT_MS;
const LONGEST_HOURS = 24;

/** How long before now the window ends; 0 = now. */
const ago = z.number().int().min(0).default(0);

const PlainDays = z.strictObject({ days: z.number().int().min(1).max(DAYS_KEPT), ago });
export const Days = PlainDays.refine(({ days, ago }) => days + ago <= DAYS_KEPT, {
  error: `days and ago together go back ${DAYS_KEPT} days at most`,
});
export type Days = z.infer<typeof Days>;

export const Hours = z
  .strictObject({ hours: z.number().int().min(1).max(LONGEST_HOURS), ago })
  .refine(({ hours, ago }) => hours + ago <= LONGEST_HOURS, {
    error: `hours and ago together go back ${LONGEST_HOURS} hours at most`,
  });

/** A day window over hours of the day, which are kept for fewer days. */
export const HourDays = PlainDays.refine(({ days, ago }) => days + ago <= HOUR_DAYS_KEPT, {
  error: `hours of the day are kept for ${HOUR_DAYS_KEPT} days: days and ago together go back no further`,
});

/**
 * How far back a feature looks.
 *
 * - `{ days: n }`: today and the n − 1 whole UTC days before it.
 * - `{ hours: n }`: the five-minute slot of this moment and the 12 n − 1 slots before it, so between
 *   n hours less five minutes and n hours.
 * - with `ago: k` the same window as it ended k days (or hours) ago: `{ days: 30, ago: 7 }` holds the day a week ago
 *   and the 29 before it. For what becomes known late, such as the frauds of a month that are reported within a week.
 */
export const Window = z.union([Days, Hours], {
  error: `wanted { "days": 1 to ${DAYS_KEPT} } or { "hours": 1 to ${LONGEST_HOURS} }, with "ago" if need be`,
});
export type Window = z.infer<typeof Window>;

export function windowText(window: Window): string {
  const [count, word] = "days" in window ? [window.days, "day"] : [window.hours, "hour"];
  const text = plural(count, word);
  return window.ago === 0 ? text : `${text}, until ${plural(window.ago, word)} ago`;
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
