import { z } from "zod";
import { type Layout, wantLast, wantSeries } from "../layout.ts";
import { lastTime, type NumberReader } from "../moment.ts";
import { DAY_MS } from "../window.ts";
import { EventName, words } from "../words.ts";

/** Days since the last event of one name, or of any name. A part of a day counts; NaN when it never happened. */
export const Recency = z.strictObject({ kind: z.literal("recency"), ...words, event: EventName.optional() });

export function planRecency(feature: z.infer<typeof Recency>, layout: Layout): NumberReader {
  const series = wantSeries(layout, feature.event);
  wantLast(layout, series);
  return (moment) => (moment.now - lastTime(moment, series, layout.days.series.length)) / DAY_MS;
}
