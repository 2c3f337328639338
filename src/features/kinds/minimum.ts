import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The smallest value of a number property. NaN when there was none. Cost: O(buckets in the window). */
export const Minimum = z.strictObject({
  kind: z.literal("minimum"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export const minimum: Kind<z.infer<typeof Minimum>> = {
  says: "the smallest value of a number property",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event, feature.value);
    series.minima = true;
    const { track, cell } = wantWindow(layout, series, feature.window);
    return asNumber(({ state, from, to }) => {
      const { minima } = state.tracks[track];
      let smallest = Number.POSITIVE_INFINITY;
      for (let i = from[cell]; i < to[cell]; i++) if (minima[i] < smallest) smallest = minima[i];
      return from[cell] < to[cell] ? smallest / POINTS : Number.NaN;
    });
  },
};
