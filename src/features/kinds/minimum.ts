import { z } from "zod";
import { smallestOf } from "../extremes.ts";
import { atOnce, type Kind, type ReadAll, track } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The smallest value of a number property. NaN when there was none. Cost: O(1), or O(buckets in the window) when it ended before the newest one. */
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
    const window = wantWindow(layout, series, feature.window);
    return atOnce(track(window.track), window, readMinima, [window.cell]);
  },
};

const readMinima: ReadAll<WindowPlaces> = (ones, moments, k) => {
  const { state, numbers, base, width, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, place } = ones[i];
    const first = begins[k * windows + cell];
    const end = ends[k * windows + cell];
    numbers[base + k * width + place] = first < end ? smallestOf(state.tracks[track], first, end) / POINTS : Number.NaN;
  }
};
