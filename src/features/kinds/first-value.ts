import { z } from "zod";
import type { Kind } from "../kind.ts";
import { ALL_TIME, EventName, KEEPS, PropertyName, words } from "../words.ts";
import { pickReader } from "./last-value.ts";

/**
 * The first value of a property of one event ever seen, such as the campaign that someone came through: a number to
 * four decimals, or a category. Of several at the same millisecond the smallest. Missing when it was never given.
 */
export const FirstValue = z.strictObject({
  kind: z.literal("first-value"),
  ...words,
  event: EventName,
  property: PropertyName,
  as: z.enum(["number", "category"]),
});

export const firstValue: Kind<z.infer<typeof FirstValue>> = {
  says: "the first value of a property",
  keeps: KEEPS.picked,
  face: ({ property, as }) => ({ type: as, unit: property, window: ALL_TIME }),
  plan: ({ event, property, as }, layout) => pickReader(layout, { event, property, as, which: "first" }),
};
