import { z } from "zod";
import { asNumber, type Kind } from "../kind.ts";
import { wantValues } from "../layout.ts";
import { findValue, timesWithin } from "../value-days.ts";
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
    return asNumber(({ state, today }) => {
      const set = state.values[wanted.place];
      const last = today - window.ago;
      const first = last - window.days + 1;
      let all = 0;
      let most = 0;
      for (let v = 0; v < set.values.length; v++) {
        const times = timesWithin(set.values[v], first, last);
        all += times;
        if (times > most) most = times;
      }
      if (all === 0) return Number.NaN;
      if (of === undefined) return most / all;
      const named = findValue(set, of, wanted.texts);
      if (named === undefined) return set.overflowed ? Number.NaN : 0;
      return timesWithin(named, first, last) / all;
    });
  },
};
