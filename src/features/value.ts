import type { Property } from "../events/event.ts";

/** Amounts are whole ten-thousandths, so that sums are exact and the order of adding is of no matter. */
export const POINTS = 10_000;
/** Sums live in [−2^52, 2^52) points and wrap around at its ends: the sum of any order is the same there too. */
const HALF = 2 ** 52;
const WHOLE = 2 ** 53;
/** Categories longer than this are no categories. */
export const LONGEST_TEXT = 100;

/** A number in points; NaN when the property is absent, no number, not finite or beyond ±450 billion. */
export function pointsOf(value: Property | undefined): number {
  if (typeof value !== "number") return Number.NaN;
  const points = Math.round(value * POINTS);
  return points > -HALF && points < HALF ? points + 0 : Number.NaN;
}

/** A value as text; undefined when the property is absent or not a finite value. */
export function textOf(value: Property | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === "boolean" ? String(value) : undefined;
}

/** `a + b` in points, around the ring. Commutes and associates to the last bit. */
export function addPoints(a: number, b: number): number {
  const sum = a + b;
  if (sum >= HALF) return sum - WHOLE;
  return sum < -HALF ? sum + WHOLE : sum;
}
