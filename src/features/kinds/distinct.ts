import { z } from "zod";
import { type Layout, wantValues } from "../layout.ts";
import type { NumberReader } from "../moment.ts";
import { Days } from "../window.ts";
import { EventName, PropertyName, words } from "../words.ts";

/**
 * How many different values of a property. 0 when there were none. Exact while the entity has shown no more than `cap`
 * values in all its time; beyond that an estimate from the `cap` smallest hashes
 * (Bar-Yossef et al. 2002), with a relative error of about 1/√cap.
 */
export const Distinct = z.strictObject({
  kind: z.literal("distinct"),
  ...words,
  event: EventName,
  by: PropertyName,
  window: Days,
  cap: z.number().int().min(2).max(256).default(32),
});

export function planDistinct(feature: z.infer<typeof Distinct>, layout: Layout): NumberReader {
  const { place } = wantValues(layout, feature.event, feature.by, feature.cap, false);
  return ({ state, today }) => {
    const { values, overflowed } = state.values[place];
    const after = today - feature.window.days;
    const sample = overflowed ? values.length - 1 : values.length;
    let seen = 0;
    for (let v = 0; v < sample; v++) {
      const { days } = values[v];
      let i = days.length - 1;
      while (i >= 0 && days[i] > today) i--;
      if (i >= 0 && days[i] > after) seen++;
    }
    return overflowed ? Math.round((seen * 2 ** 32) / (values[sample].hash + 1)) : seen;
  };
}
