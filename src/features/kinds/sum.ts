import { z } from "zod";
import { type Kind, ofWindow } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The sum of a number property over events of one name, to four decimals. 0 when there were none. */
export const Sum = z.strictObject({
  kind: z.literal("sum"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export const sum: Kind<z.infer<typeof Sum>> = {
  says: "the sum of a number property",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan: (feature, layout) =>
    ofWindow("sum", wantWindow(layout, wantSeries(layout, feature.event, feature.value), feature.window)),
};
