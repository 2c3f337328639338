import { z } from "zod";
import { type Kind, later, type ReadAll } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/** Mean number of days from one active day to the next, for events of one name or of any. NaN below two active days. */
export const Gap = z.strictObject({
  kind: z.literal("gap"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export const gap: Kind<z.infer<typeof Gap>> = {
  says: "mean days from one active day to the next",
  keeps: KEEPS.window,
  face: ({ window }) => ({ type: "number", unit: "days", window: windowText(window) }),
  plan(feature, layout) {
    return later(wantWindow(layout, wantSeries(layout, feature.event), feature.window), readGaps);
  },
};

const readGaps: ReadAll<WindowPlaces> = (ones, moments, from, until) => {
  const { numbers, base, width, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, place } = ones[i];
    const { buckets } = moments.state.tracks[track];
    for (let k = from; k < until; k++) {
      const first = begins[k * windows + cell];
      const last = ends[k * windows + cell] - 1;
      numbers[base + k * width + place] = last > first ? (buckets[last] - buckets[first]) / (last - first) : Number.NaN;
    }
  }
};
