import { z } from "zod";
import { propertyOf } from "../../events/event-log.ts";
import { asNumber, type Kind, values } from "../kind.ts";
import { wantValues } from "../layout.ts";
import { placeOf } from "../track.ts";
import { textOf } from "../value.ts";
import { findValue } from "../value-days.ts";
import { Cap, EventName, KEEPS, PropertyName, THIS_EVENT, words } from "../words.ts";

/**
 * Whole days since the value that the event in flight brings was last seen before it, in an event of the same name:
 * 0 = today. NaN = never in the kept days (400): a new device, a new place. NaN, too, when no such event is in flight
 * or it does not carry the property; and beyond `cap` values for those outside the sample, of which nothing is known.
 */
export const DaysSinceValue = z.strictObject({
  kind: z.literal("days-since-value"),
  ...words,
  event: EventName,
  by: PropertyName,
  cap: Cap,
});

export const daysSinceValue: Kind<z.infer<typeof DaysSinceValue>> = {
  says: "days since the value in the event being scored was last seen; missing when it is new",
  keeps: KEEPS.values,
  face: () => ({ type: "number", unit: "days", window: THIS_EVENT }),
  plan({ event: name, by, cap }, layout) {
    const wanted = wantValues(layout, name, by, cap, false);
    return asNumber(values(wanted.place), ({ state, today, inFlight }, k) => {
      const event = inFlight[k];
      const text = event?.name === name ? textOf(propertyOf(event, by)) : undefined;
      if (text === undefined) return Number.NaN;
      const set = state.values[wanted.place];
      const place = findValue(set, text, wanted.texts);
      if (place < 0) return Number.NaN;
      const { days } = set.values[place];
      const behind = placeOf(days, today[k] + 1);
      return behind > 0 ? today[k] - days.buckets[behind - 1] : Number.NaN;
    });
  },
};
