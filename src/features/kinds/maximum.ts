import { z } from "zod";
import { largestOf } from "../extremes.ts";
import { atOnce, type Kind, type ReadAll, track } from "../kind.ts";
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
    const window = wantWindow(layout, series, feature.window);
    return atOnce(track(window.track), window, readMaxima, [window.cell]);
  },
};

const readMaxima: ReadAll<WindowPlaces> = (ones, moments, k) => {
  const { state, numbers, base, width, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, place } = ones[i];
    const first = begins[k * windows + cell];
    const end = ends[k * windows + cell];
    numbers[base + k * width + place] = first < end ? largestOf(state.tracks[track], first, end) / POINTS : Number.NaN;
  }
};
