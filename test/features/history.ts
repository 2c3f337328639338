import fc from "fast-check";
import type { Event, Property } from "../../src/events/event.ts";
import { DAY_MS } from "../../src/features/window.ts";

export type Happening = Pick<Event, "name" | "at" | "properties">;

/** Noon of 1 June 2026, UTC. */
export const NOON = Date.UTC(2026, 5, 1, 12);

const cents = fc.integer({ min: -5_000, max: 500_000 }).map((amount) => amount / 100);
const odd = fc.constantFrom<Property>("12", true, Number.NaN, Number.POSITIVE_INFINITY, 1e300, -0, "__proto__", "");
const word = fc.constantFrom("shoes", "books", "toys", "wine", "garden", "__proto__", "Ärger 靴", "\ud800");

const properties: fc.Arbitrary<Record<string, Property>> = fc.record(
  {
    revenue: fc.oneof({ weight: 5, arbitrary: cents }, { weight: 1, arbitrary: odd }),
    amount: cents,
    category: fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: odd }),
    device: fc.oneof(
      word,
      fc.integer({ min: 0, max: 60 }).map((n) => `device ${n}`),
    ),
    age: fc.oneof<fc.Arbitrary<Property>[]>(fc.integer({ min: 18, max: 90 }), odd),
    city: word,
  },
  { requiredKeys: [] },
);

const name = fc.constantFrom(
  "Product Viewed",
  "Product Viewed",
  "Products Searched",
  "Product Added",
  "Order Completed",
  "Order Completed",
  "Order Refunded",
  "Logged In",
  "Loan Granted",
  "Loan Repaid",
  "$identify",
  "Newsletter Opened",
  "__proto__",
);

/** Moments of every distance: this very slot, today, this month, beyond all windows; with many ties. */
const ago = fc.oneof(
  fc.integer({ min: 0, max: 10 }).map((n) => n * 60_000),
  fc.integer({ min: 0, max: 26 * 60 }).map((n) => n * 60_000),
  fc.integer({ min: 0, max: 30 * 24 }).map((n) => n * 3_600_000),
  fc.integer({ min: 0, max: 450 }).map((n) => n * DAY_MS),
);

/** A random history that ends at or before `until`. */
export const historyUntil = (until: number, maxLength = 60): fc.Arbitrary<Happening[]> =>
  fc.array(fc.record({ name, at: ago.map((ms) => until - ms), properties }), { maxLength });
