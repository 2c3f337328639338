import { z } from "zod";
import { atOnce, type Kind, type ReadAll, values } from "../kind.ts";
import { wantTally, wantValues } from "../layout.ts";
import type { ValueSet } from "../value-days.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";

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
  cap: Cap,
});

export const distinct: Kind<z.infer<typeof Distinct>> = {
  says: "how many different values of a property",
  keeps: KEEPS.values,
  face: ({ window }) => ({ type: "number", unit: "values", window: windowText(window) }),
  plan({ event, by, window, cap }, layout) {
    const wanted = wantValues(layout, event, by, cap, false);
    const tally = wantTally(layout, wanted, window);
    return atOnce(values(wanted.place), { values: wanted.place, tally }, readDistinct);
  },
};

const readDistinct: ReadAll<{ readonly values: number; readonly tally: number }> = (
  ones,
  { state, times, numbers, base, width },
  k,
) => {
  for (let i = 0; i < ones.length; i++) {
    const { values, tally, place } = ones[i];
    const set = state.values[values];
    const sample = set.overflowed ? set.values.length - 1 : set.values.length;
    const counted = times[tally];
    let seen = 0;
    for (let v = 0; v < sample; v++) if (counted[v] > 0) seen++;
    numbers[base + k * width + place] = estimate(seen, set);
  }
};

/** Of how many values `seen` of the kept ones are a sample; when all are kept, just so many. */
export const estimate = (seen: number, { values, overflowed }: ValueSet): number =>
  overflowed ? Math.round((seen * 2 ** 32) / (values[values.length - 1].hash + 1)) : seen;
