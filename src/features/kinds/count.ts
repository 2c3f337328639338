import { z } from "zod";
import { type Kind, ofWindow } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
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
  plan: (feature, layout) => ofWindow("events", wantWindow(layout, wantSeries(layout, feature.event), feature.window)),
};
