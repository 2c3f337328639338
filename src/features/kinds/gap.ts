import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { Days } from "../window.ts";
import { EventName, words } from "../words.ts";

/** Mean number of days from one active day to the next, for events of one name or of any. NaN below two active days. */
export const Gap = z.strictObject({
  kind: z.literal("gap"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export function planGap(feature: z.infer<typeof Gap>, layout: Layout): NumberReader {
  const cell = wantWindow(layout, wantSeries(layout, feature.event), feature.window);
  return ({ active, oldest, newest }) =>
    active[cell] > 1 ? (newest[cell] - oldest[cell]) / (active[cell] - 1) : Number.NaN;
}
