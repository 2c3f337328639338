import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/** How many events of one name, or of any name when `event` is left out. 0 when there were none. */
export const Count = z.strictObject({
  kind: z.literal("count"),
  ...words,
  event: EventName.optional(),
  window: Window,
});

export const count: Kind<z.infer<typeof Count>> = {
  says: "how many events",
  keeps: KEEPS.window,
  face: ({ window }) => ({ type: "number", unit: "events", window: windowText(window) }),
  plan(feature, layout) {
    return together(wantWindow(layout, wantSeries(layout, feature.event), feature.window), readCounts);
  },
};

const readCounts: ReadAll<WindowPlaces> = (ones, { counted }, numbers) => {
  for (const { cell, place } of ones) numbers[place] = counted[cell];
};
