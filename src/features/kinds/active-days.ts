import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { Days } from "../window.ts";
import { EventName, words } from "../words.ts";

/** On how many UTC days events of one name, or of any name, happened. 0 when on none. */
export const ActiveDays = z.strictObject({
  kind: z.literal("active-days"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export function planActiveDays(feature: z.infer<typeof ActiveDays>, layout: Layout): NumberReader {
  const cell = wantWindow(layout, wantSeries(layout, feature.event), feature.window);
  return ({ active }) => active[cell];
}
