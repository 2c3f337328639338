import { z } from "zod";
import { type Kind, ofWindow } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** The mean of a number property over the events that carry it. NaN when there were none. */
export const Mean = z.strictObject({
  kind: z.literal("mean"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Window,
});

export const mean: Kind<z.infer<typeof Mean>> = {
  says: "the mean of a number property",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan: (feature, layout) =>
    ofWindow("mean", wantWindow(layout, wantSeries(layout, feature.event, feature.value), feature.window)),
};
