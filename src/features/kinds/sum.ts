import { z } from "zod";
import { type Layout, wantSeries, wantWindow } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { POINTS } from "../value.ts";
import { Window } from "../window.ts";
import { EventName, PropertyName, words } from "../words.ts";

/** The sum of a number property over events of one name, to four decimals. 0 when there were none. */
export const Sum = z.strictObject({
  kind: z.literal("sum"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export function planSum(feature: z.infer<typeof Sum>, layout: Layout): NumberReader {
  const cell = wantWindow(layout, wantSeries(layout, feature.event, feature.value), feature.window);
  return ({ sum }) => sum[cell] / POINTS;
}
