import { z } from "zod";

/** What every declared feature says of itself, whatever its kind. */
export const words = {
  /** `what_window`, e.g. `orders_90d`. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "wanted small letters, digits and _, starting with a letter"),
  /** One line for people, a noun phrase: "orders in the last 90 days". */
  about: z.string().min(1).max(200),
  /** "orders", "currency"; left out = the usual one of the kind. */
  unit: z.string().min(1).max(40).optional(),
};

/** An event's name as it was tracked: "Order Completed". */
export const EventName = z.string().min(1).max(200);
export const PropertyName = z.string().min(1).max(200);
/** How many values of a property are kept exactly. */
export const Cap = z.number().int().min(2).max(256).default(32);

export const ALL_TIME = "all time";
/** What the event in flight brings. */
export const THIS_EVENT = "this event";

/** What kinds keep, in words that they share. */
export const KEEPS = {
  nothing: "nothing of its own",
  window: "a bucket a day (or slot) with the event, shared by all features of it: 1–2 bytes",
  amounts: "a bucket a day (or slot) with the amount, shared by all features of it: 3–5 bytes",
  values: "each value with the days it was seen on, shared by all features of it: 5 bytes a value, 1 a day",
  texts: "each value as text with the days it was seen on, shared by all features of it",
  hours: "a bucket an hour with the event, for 90 days: 2 bytes",
  picked: "one value and its time: 4–10 bytes",
  time: "one time: 1–6 bytes",
} as const;
