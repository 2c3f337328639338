import { z } from "zod";
import { EVENT_NAMES } from "../../events/event.ts";
import type { Kind } from "../kind.ts";
import { ALL_TIME, KEEPS, PropertyName, words } from "../words.ts";
import { pickReader } from "./last-value.ts";

/**
 * The last value of a trait, as an identify call gave it: a number to four decimals, or a category.
 * Of several at the same millisecond the largest. Missing when it was never given, or given only after now.
 */
export const Trait = z.strictObject({
  kind: z.literal("trait"),
  ...words,
  trait: PropertyName,
  as: z.enum(["number", "category"]),
});

export const trait: Kind<z.infer<typeof Trait>> = {
  says: "the last value of a trait",
  keeps: KEEPS.picked,
  face: ({ trait, as }) => ({ type: as, unit: trait, window: ALL_TIME }),
  plan: ({ trait, as }, layout) =>
    pickReader(layout, { event: EVENT_NAMES.identify, property: trait, as, which: "last" }),
};
