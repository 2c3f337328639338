import { z } from "zod";
import { type Layout, wantFirst, wantSeries } from "../layout.ts";
import { firstTime, type NumberReader } from "../moment.ts";
import { DAY_MS } from "../window.ts";
import { EventName, words } from "../words.ts";

/** Days since the first event of one name, or of any name. NaN when it has not happened yet. */
export const Tenure = z.strictObject({ kind: z.literal("tenure"), ...words, event: EventName.optional() });

export function planTenure(feature: z.infer<typeof Tenure>, layout: Layout): NumberReader {
  const series = wantSeries(layout, feature.event);
  wantFirst(layout, series);
  return (moment) => (moment.now - firstTime(moment, series)) / DAY_MS;
}
