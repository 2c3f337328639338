import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { Window } from "../window.ts";
import { EventName, words } from "../words.ts";

/** How many events of one name, or of any name when `event` is left out. 0 when there were none. */
export const Count = z.strictObject({
  kind: z.literal("count"),
  ...words,
  event: EventName.optional(),
  window: Window,
});

export function planCount(feature: z.infer<typeof Count>, layout: Layout): NumberReader {
  const cell = wantWindow(layout, wantSeries(layout, feature.event), feature.window);
  return ({ count }) => count[cell];
}
