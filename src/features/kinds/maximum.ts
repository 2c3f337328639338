import { z } from "zod";
import { largestOf } from "../extremes.ts";
import { type Kind, type ReadAll, together } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The largest value of a number property. NaN when there was none. Cost: O(1), or O(buckets in the window) when it ended before the newest one. */
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
    return together(wantWindow(layout, series, feature.window), readMaxima);
  },
};

const readMaxima: ReadAll<WindowPlaces> = (ones, { state: { tracks }, from, to }, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { track, cell, place } = ones[k];
    const first = from[cell];
    const end = to[cell];
    numbers[place] = first < end ? largestOf(tracks[track], first, end) / POINTS : Number.NaN;
  }
};
