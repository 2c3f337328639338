import { z } from "zod";

export const SLOT_MS = 300_000;
export const DAY_MS = 86_400_000;
/** Buckets older than this, counted back from the newest event of the entity, are dropped. */
export const SLOTS_KEPT = 300;
export const DAYS_KEPT = 400;

export const Days = z.strictObject({ days: z.number().int().min(1).max(DAYS_KEPT) });
export const Hours = z.strictObject({ hours: z.number().int().min(1).max(24) });

/**
 * How far back a feature looks.
 *
 * - `{ days: n }`: today and the n − 1 whole UTC days before it.
 * - `{ hours: n }`: the five-minute slot of this moment and the 12 n − 1 slots before it, so between
 *   n hours less five minutes and n hours.
 */
export const Window = z.union([Days, Hours]);
export type Window = z.infer<typeof Window>;

export function windowText(window: Window): string {
  const [count, word] = "days" in window ? [window.days, "day"] : [window.hours, "hour"];
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
