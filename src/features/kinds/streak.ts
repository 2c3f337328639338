import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { DAYS_KEPT, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/**
 * How many UTC days (or weeks, Monday to Sunday) in a row had events, up to this one or the one before it, since this
 * one is not over. 0 when neither had any. Cost: O(days in the row).
 */
export const Streak = z.strictObject({
  kind: z.literal("streak"),
  ...words,
  event: EventName.optional(),
  of: z.enum(["days", "weeks"]),
});

const WINDOW = { days: DAYS_KEPT, ago: 0 };
/** 1 January 1970 was a Thursday: weeks begin on the Monday before it. */
const weekOf = (day: number) => Math.floor((day + 3) / 7);

export const streak: Kind<z.infer<typeof Streak>> = {
  says: "days or weeks in a row with events, up to now",
  keeps: KEEPS.window,
  face: ({ of }) => ({ type: "number", unit: of, window: windowText(WINDOW) }),
  plan(feature, layout) {
    const { track, cell } = wantWindow(layout, wantSeries(layout, feature.event), WINDOW);
    const unitOf = feature.of === "days" ? (day: number) => day : weekOf;
    return asNumber(({ state, from, to, today }) => {
      const { buckets } = state.tracks[track];
      let i = to[cell] - 1;
      if (i < from[cell] || unitOf(buckets[i]) < unitOf(today) - 1) return 0;
      let row = 1;
      for (; i > from[cell]; i--) {
        const step = unitOf(buckets[i]) - unitOf(buckets[i - 1]);
        if (step > 1) break;
        row += step;
      }
      return row;
    });
  },
};
