import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
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
    return together(wantWindow(layout, wantSeries(layout, feature.event), feature.window), readGaps);
  },
};

const readGaps: ReadAll<WindowPlaces> = (ones, { state: { tracks }, from, to }, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { track, cell, place } = ones[k];
    const { buckets } = tracks[track];
    const first = from[cell];
    const last = to[cell] - 1;
    numbers[place] = last > first ? (buckets[last] - buckets[first]) / (last - first) : Number.NaN;
  }
};
