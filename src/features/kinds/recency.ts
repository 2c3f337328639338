import { z } from "zod";
import { type Kind, ofMoment, type ReadAll } from "../kind.ts";
import { type Series, wantLast, wantSeries } from "../layout.ts";
import { lastTime } from "../moment.ts";
import { DAY_MS } from "../window.ts";
import { ALL_TIME, EventName, KEEPS, words } from "../words.ts";

/** Days since the last event of one name, or of any name. A part of a day counts; NaN when it never happened. */
export const Recency = z.strictObject({ kind: z.literal("recency"), ...words, event: EventName.optional() });

export const recency: Kind<z.infer<typeof Recency>> = {
  says: "days since the last event",
  keeps: KEEPS.time,
  face: () => ({ type: "number", unit: "days", window: ALL_TIME }),
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event);
    wantLast(layout, series);
    return ofMoment({ series }, readRecencies);
  },
};

const readRecencies: ReadAll<{ readonly series: Series }> = (ones, moments, from, to) => {
  const { numbers, base, width, now } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { series, place } = ones[i];
    for (let k = from; k < to; k++)
      numbers[base + k * width + place] = (now[k] - lastTime(moments, k, series)) / DAY_MS;
  }
};
