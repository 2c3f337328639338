import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The largest value of a number property. NaN when there was none. Cost: O(buckets in the window). */
export const Maximum = z.strictObject({
  kind: z.literal("maximum"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export const maximum: Kind<z.infer<typeof Maximum>> = {
  says: "the largest value of a number property",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event, feature.value);
    series.maxima = true;
    const { track, cell } = wantWindow(layout, series, feature.window);
    return asNumber(({ state, from, to }) => {
      const { maxima } = state.tracks[track];
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = from[cell]; i < to[cell]; i++) if (maxima[i] > largest) largest = maxima[i];
      return from[cell] < to[cell] ? largest / POINTS : Number.NaN;
    });
  },
};
