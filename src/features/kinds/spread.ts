import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { sumBetween } from "../track.ts";
import { POINTS } from "../value.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The standard deviation (of the population) of the day's totals of a number property, over the days that have any.
 * NaN below two such days. It follows from sums that are kept anyway, and where a day holds at most one event, as with
 * orders, it is that of the values themselves. Cost: O(days in the window).
 */
export const Spread = z.strictObject({
  kind: z.literal("spread"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Days,
});

export const spread: Kind<z.infer<typeof Spread>> = {
  says: "the standard deviation of a number property's daily totals",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan(feature, layout) {
    const { track, cell } = wantWindow(layout, wantSeries(layout, feature.event, feature.value), feature.window);
    return asNumber(({ state, from, to }) => {
      const totals = state.tracks[track];
      const days = to[cell] - from[cell];
      if (days < 2) return Number.NaN;
      let mean = 0;
      for (let i = from[cell]; i < to[cell]; i++) mean += sumBetween(totals, i, i + 1) / days;
      let squares = 0;
      for (let i = from[cell]; i < to[cell]; i++) squares += (sumBetween(totals, i, i + 1) - mean) ** 2;
      return Math.sqrt(squares / days) / POINTS;
    });
  },
};
