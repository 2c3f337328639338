import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { POINTS } from "../value.ts";
import { Window } from "../window.ts";
import { EventName, PropertyName, words } from "../words.ts";

/** The mean of a number property over the events that carry it. NaN when there were none. */
export const Mean = z.strictObject({
  kind: z.literal("mean"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export function planMean(feature: z.infer<typeof Mean>, layout: Layout): NumberReader {
  const cell = wantWindow(layout, wantSeries(layout, feature.event, feature.value), feature.window);
  return ({ sum, count }) => (count[cell] > 0 ? sum[cell] / count[cell] / POINTS : Number.NaN);
}
