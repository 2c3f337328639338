import { z } from "zod";
import { type Layout, wantValues } from "../layout.ts";
import type { TextReader } from "../moment.ts";
import { timesWithin } from "../value-days.ts";
import { Days } from "../window.ts";
import { EventName, PropertyName, words } from "../words.ts";

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
  cap: z.number().int().min(2).max(256).default(32),
});

export function planFavourite(feature: z.infer<typeof Favourite>, layout: Layout): TextReader {
  const { place } = wantValues(layout, feature.event, feature.by, feature.cap, true);
  return ({ state, today }) => {
    const { values } = state.values[place];
    const after = today - feature.window.days;
    let best: string | undefined;
    let most = 0;
    for (let v = 0; v < values.length; v++) {
      const value = values[v];
      const times = timesWithin(value, after, today);
      if (times > most || (times > 0 && times === most && best !== undefined && value.text < best)) {
        best = value.text;
        most = times;
      }
    }
    return best;
  };
}
