import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/**
 * How even the gaps between active days are: 1 / (1 + standard deviation / mean) of the gaps, in days.
 * 1 = like a clock, about 0.5 = at random, towards 0 = in bursts. NaN below three active days.
 * Cost: O(days in the window).
 */
export const Regularity = z.strictObject({
  kind: z.literal("regularity"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export const regularity: Kind<z.infer<typeof Regularity>> = {
  says: "how even the gaps between active days are: 1 like a clock, 0.5 at random",
  keeps: KEEPS.window,
  face: ({ window }) => ({ type: "number", unit: "0 to 1", window: windowText(window) }),
  plan(feature, layout) {
    const { track, cell } = wantWindow(layout, wantSeries(layout, feature.event), feature.window);
    return asNumber(({ state, from, to }) => {
      const { buckets } = state.tracks[track];
      const gaps = to[cell] - from[cell] - 1;
      if (gaps < 2) return Number.NaN;
      const mean = (buckets[to[cell] - 1] - buckets[from[cell]]) / gaps;
      let squares = 0;
      for (let i = from[cell] + 1; i < to[cell]; i++) squares += (buckets[i] - buckets[i - 1] - mean) ** 2;
      return mean / (mean + Math.sqrt(squares / gaps));
    });
  },
};
