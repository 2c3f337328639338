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

export const ALL_TIME = "all time";
