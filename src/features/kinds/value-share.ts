import { z } from "zod";
import { propertyOf } from "../../events/event-log.ts";
import { asNumber, type Kind, values } from "../kind.ts";
import { wantFlight, wantTally, wantValues } from "../layout.ts";
import { textOf } from "../value.ts";
import { findValue } from "../value-days.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The share of the events with a property that carry the value that the event in flight brings in its property of that
 * name, whatever its own name: how much of what they bought was of the category that they are shown. 0 = others only. NaN
 * when no event carried any, and when no event that carries the property is in flight; beyond `cap` values the shares
 * within an even sample of them, and NaN for a value outside that sample.
 */
export const ValueShare = z.strictObject({
  kind: z.literal("value-share"),
  ...words,
  event: EventName,
  by: PropertyName,
  window: Days,
  cap: Cap,
});

export const valueShare: Kind<z.infer<typeof ValueShare>> = {
  says: "the share of the value in the event being scored",
  keeps: KEEPS.values,
  face: ({ window }) => ({ type: "number", unit: "share", window: windowText(window) }),
  plan({ event, by, window, cap }, layout) {
    const wanted = wantValues(layout, event, by, cap, false);
    const tally = wantTally(layout, wanted, window);
    wantFlight(layout, by);
    return asNumber(values(wanted.place), ({ state, times, inFlight }, k) => {
      const event = inFlight[k];
      const text = event && textOf(propertyOf(event, by));
      if (text === undefined) return Number.NaN;
      const set = state.values[wanted.place];
      const seen = times[tally];
      let all = 0;
      for (let v = 0; v < set.values.length; v++) all += seen[v];
      if (all === 0) return Number.NaN;
      const place = findValue(set, text, wanted.texts);
      if (place < 0) return set.overflowed ? Number.NaN : 0;
      return seen[place] / all;
    });
  },
};
