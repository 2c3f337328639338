import { z } from "zod";
import { asNumber, type Kind, values } from "../kind.ts";
import { wantTally, wantValues } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * How mixed the values of a property are (Shannon 1948), in bits: 0 = always the same, 1 = as two equally common ones,
 * 2 = as four. NaN when no event carried any. Beyond `cap` values, of an even sample of them.
 */
export const Entropy = z.strictObject({
  kind: z.literal("entropy"),
  ...words,
  event: EventName,
  by: PropertyName,
  window: Days,
  cap: Cap,
});

export const entropy: Kind<z.infer<typeof Entropy>> = {
  says: "how mixed the values of a property are, in bits",
  keeps: KEEPS.values,
  face: ({ window }) => ({ type: "number", unit: "bits", window: windowText(window) }),
  plan({ event, by, window, cap }, layout) {
    const wanted = wantValues(layout, event, by, cap, false);
    const tally = wantTally(layout, wanted, window);
    return asNumber(values(wanted.place), ({ state, times }) =>
      bitsOf(times[tally], state.values[wanted.place].values.length),
    );
  },
};

/** The entropy of the first `length` counts in bits; NaN when all are 0. Sums in the order of the counts. */
export function bitsOf(counts: Float64Array, length = counts.length): number {
  let all = 0;
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const times = counts[i];
    all += times;
    if (times > 0) bits += times * Math.log2(times);
  }
  return all > 0 ? Math.max(0, Math.log2(all) - bits / all) : Number.NaN;
}
