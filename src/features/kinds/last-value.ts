import { z } from "zod";
import { asCategory, asNumber, type Kind, pick, type Reader } from "../kind.ts";
import { type Layout, type Pick, wantPick } from "../layout.ts";
import { POINTS } from "../value.ts";
import { ALL_TIME, EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The last value of a property of one event: a number to four decimals, or a category. Of several at the same
 * millisecond the largest. Missing when it was never given, or given again after now.
 */
export const LastValue = z.strictObject({
  kind: z.literal("last-value"),
  ...words,
  event: EventName,
  property: PropertyName,
  as: z.enum(["number", "category"]),
});

export const lastValue: Kind<z.infer<typeof LastValue>> = {
  says: "the last value of a property",
  keeps: KEEPS.picked,
  face: ({ property, as }) => ({ type: as, unit: property, window: ALL_TIME }),
  plan: ({ event, property, as }, layout) => pickReader(layout, { event, property, as, which: "last" }),
};

/** Reads the first or last value of a property, where it is not after now. */
export function pickReader(layout: Layout, wanted: Omit<Pick, "place">): Reader {
  const { place } = wantPick(layout, wanted);
  if (wanted.as === "number")
    return asNumber(pick(place), ({ state, now }, k) => {
      const picked = state.picks[place];
      return picked !== undefined && picked.at <= now[k] && typeof picked.value === "number"
        ? picked.value / POINTS
        : Number.NaN;
    });
  return asCategory(({ state, now }, k) => {
    const picked = state.picks[place];
    return picked !== undefined && picked.at <= now[k] && typeof picked.value === "string" ? picked.value : undefined;
  }, pick(place));
}
