import { z } from "zod";
import { type Kind, ofMoment, type ReadAll } from "../kind.ts";
import { type Series, wantFirst, wantSeries } from "../layout.ts";
import { firstTime } from "../moment.ts";
import { DAY_MS } from "../window.ts";
import { ALL_TIME, EventName, KEEPS, words } from "../words.ts";

/** Days since the first event of one name, or of any name. NaN when it has not happened yet. */
export const Tenure = z.strictObject({ kind: z.literal("tenure"), ...words, event: EventName.optional() });

export const tenure: Kind<z.infer<typeof Tenure>> = {
  says: "days since the first event",
  keeps: KEEPS.time,
  face: () => ({ type: "number", unit: "days", window: ALL_TIME }),
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event);
    wantFirst(layout, series);
    return ofMoment({ series }, readTenures);
  },
};

const readTenures: ReadAll<{ readonly series: Series }> = (ones, moments, from, to) => {
  const { numbers, base, width, now } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { series, place } = ones[i];
    for (let k = from; k < to; k++)
      numbers[base + k * width + place] = (now[k] - firstTime(moments, k, series)) / DAY_MS;
  }
};
