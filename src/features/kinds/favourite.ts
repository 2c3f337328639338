import { z } from "zod";
import { asCategory, type Kind, values } from "../kind.ts";
import { wantTally, wantValues } from "../layout.ts";
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
    const wanted = wantValues(layout, event, by, cap, true);
    const tally = wantTally(layout, wanted, window);
    return asCategory(({ state, times }) => {
      const kept = state.values[wanted.place].values;
      const seen = times[tally];
      let most = 0;
      for (let v = 0; v < kept.length; v++) if (seen[v] > most) most = seen[v];
      if (most === 0) return undefined;
      let best: string | undefined;
      for (let v = 0; v < kept.length; v++)
        if (seen[v] === most && (best === undefined || kept[v].text < best)) best = kept[v].text;
      return best;
    }, values(wanted.place));
  },
};
