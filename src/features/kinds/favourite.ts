import { z } from "zod";
import { asCategory, type Kind } from "../kind.ts";
import { wantValues } from "../layout.ts";
import { timesWithin } from "../value-days.ts";
import { Days, windowText } from "../window.ts";
import { Cap, EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The commonest value of a property; of equally common ones the first by its letters. Missing when there was none.
 * Of an entity that has shown more than `cap` values in all its time, the commonest within an even sample of `cap`.
 */
export const Favourite = z.strictObject({
  kind: z.literal("favourite"),
  ...words,
  event: EventName,
  by: PropertyName,
  window: Days,
  cap: Cap,
});

export const favourite: Kind<z.infer<typeof Favourite>> = {
  says: "the commonest value of a property",
  keeps: KEEPS.texts,
  face: ({ by, window }) => ({ type: "category", unit: by, window: windowText(window) }),
  plan({ event, by, window, cap }, layout) {
    const { place } = wantValues(layout, event, by, cap, true);
    return asCategory(({ state, today }) => {
      const { values } = state.values[place];
      const last = today - window.ago;
      let best: string | undefined;
      let most = 0;
      for (let v = 0; v < values.length; v++) {
        const value = values[v];
        const times = timesWithin(value, last - window.days + 1, last);
        if (times > most || (times > 0 && times === most && best !== undefined && value.text < best)) {
          best = value.text;
          most = times;
        }
      }
      return best;
    });
  },
};
