import { z } from "zod";
import { asNumber, type Kind, values } from "../kind.ts";
import { wantTally, wantValues } from "../layout.ts";
import { findValue } from "../value-days.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The share of the events with a property that carry its commonest value, or the value `of` when it is named.
 * NaN when no event carried any. Beyond `cap` values the shares within an even sample of them; a named value outside
 * that sample is NaN.
 */
export const Affinity = z.strictObject({
  kind: z.literal("affinity"),
  ...words,
  event: EventName,
  by: PropertyName,
  /** "books"; left out = the commonest. */
  of: z.string().min(1).max(100).optional(),
  window: Days,
  cap: Cap,
});

export const affinity: Kind<z.infer<typeof Affinity>> = {
  says: "the share of a property's commonest value, or of a named one",
  keeps: KEEPS.values,
  face: ({ window }) => ({ type: "number", unit: "share", window: windowText(window) }),
  plan({ event, by, of, window, cap }, layout) {
    const wanted = wantValues(layout, event, by, cap, false);
    const tally = wantTally(layout, wanted, window);
    return asNumber(values(wanted.place), ({ state, times }) => {
      const set = state.values[wanted.place];
      const seen = times[tally];
      let all = 0;
      let most = 0;
      for (let v = 0; v < set.values.length; v++) {
        all += seen[v];
        if (seen[v] > most) most = seen[v];
      }
      if (all === 0) return Number.NaN;
      if (of === undefined) return most / all;
      const named = findValue(set, of, wanted.texts);
      if (named < 0) return set.overflowed ? Number.NaN : 0;
      return seen[named] / all;
    });
  },
};
