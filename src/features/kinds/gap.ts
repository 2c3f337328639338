import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
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
    const { track, cell } = wantWindow(layout, wantSeries(layout, feature.event), feature.window);
    return asNumber(({ state, from, to }) => {
      const { buckets } = state.tracks[track];
      const gaps = to[cell] - from[cell] - 1;
      return gaps > 0 ? (buckets[to[cell] - 1] - buckets[from[cell]]) / gaps : Number.NaN;
    });
  },
};
