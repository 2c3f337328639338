import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { POINTS } from "../value.ts";
import { Window } from "../window.ts";
import { EventName, PropertyName, words } from "../words.ts";

/** The largest value of a number property. NaN when there was none. */
export const Maximum = z.strictObject({
  kind: z.literal("maximum"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export function planMaximum(feature: z.infer<typeof Maximum>, layout: Layout): NumberReader {
  const series = wantSeries(layout, feature.event, feature.value);
  series.maxima = true;
  const cell = wantWindow(layout, series, feature.window);
  return ({ maximum, active }) => (active[cell] > 0 ? maximum[cell] / POINTS : Number.NaN);
}
