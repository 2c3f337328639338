import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
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
    return together({ series }, readTenures);
  },
};

const readTenures: ReadAll<{ readonly series: Series }> = (ones, moment, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { series, place } = ones[k];
    numbers[place] = (moment.now - firstTime(moment, series)) / DAY_MS;
  }
};
