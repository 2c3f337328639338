import { z } from "zod";
import { type Kind, ofWindow } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/** On how many UTC days events of one name, or of any name, happened. 0 when on none. */
export const ActiveDays = z.strictObject({
  kind: z.literal("active-days"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export const activeDays: Kind<z.infer<typeof ActiveDays>> = {
  says: "days with at least one event",
  keeps: KEEPS.window,
  face: ({ window }) => ({ type: "number", unit: "days", window: windowText(window) }),
  plan: (feature, layout) => ofWindow("buckets", wantWindow(layout, wantSeries(layout, feature.event), feature.window)),
};
