import { DAY_MS, DAYS_KEPT, HOUR_DAYS_KEPT, HOUR_MS, SLOT_MS, SLOTS_KEPT } from "./window.ts";

/** How time is cut into buckets: whole UTC days, hours of days, or five-minute slots. */
export type Grid = "days" | "hours" | "slots";

/** The bucket of a moment (ms). */
export const BUCKET_MS: Readonly<Record<Grid, number>> = { days: DAY_MS, hours: HOUR_MS, slots: SLOT_MS };

/** Whole days have 24 hours: UTC knows no other. */
export const HOURS_A_DAY = DAY_MS / HOUR_MS;

export const dayOf = (at: number): number => Math.floor(at / DAY_MS);
export const hourOf = (at: number): number => Math.floor(at / HOUR_MS);
export const slotOf = (at: number): number => Math.floor(at / SLOT_MS);

/**
 * The oldest bucket that is kept beside an entity's newest event. Days and hours move together at midnight: what is
 * dropped must follow from the newest event alone.
 */
export const oldestDay = (newest: number): number => dayOf(newest) - DAYS_KEPT;
export const oldestHour = (newest: number): number => (dayOf(newest) - HOUR_DAYS_KEPT) * HOURS_A_DAY;
export const oldestSlot = (newest: number): number => slotOf(newest) - SLOTS_KEPT;
