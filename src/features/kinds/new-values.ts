import { z } from "zod";
import { asNumber, type Kind, values } from "../kind.ts";
import { wantValues } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";
import { estimate } from "./distinct.ts";

/**
 * How many values of a property were new: seen on a day of the window, and on none of the kept days (400) before it.
 * A new device or place, for example. 0 when none was. Beyond `cap` values an estimate, as of `distinct`.
 */
export const NewValues = z.strictObject({
  kind: z.literal("new-values"),
  ...words,
  event: EventName,
  by: PropertyName,
  window: Days,
  cap: Cap,
});

export const newValues: Kind<z.infer<typeof NewValues>> = {
  says: "how many values of a property were never seen before, such as new devices",
  keeps: KEEPS.values,
  face: ({ window }) => ({ type: "number", unit: "values", window: windowText(window) }),
  plan({ event, by, window, cap }, layout) {
    const { place } = wantValues(layout, event, by, cap, false);
    return asNumber(values(place), ({ state, today }, k) => {
      const last = today[k] - window.ago;
      const { values: kept, overflowed } = state.values[place];
      const sample = overflowed ? kept.length - 1 : kept.length;
      let fresh = 0;
      for (let v = 0; v < sample; v++) {
        const { size, buckets } = kept[v].days;
        if (size > 0 && buckets[0] <= last && buckets[0] > last - window.days) fresh++;
      }
      return estimate(fresh, state.values[place]);
    });
  },
};
