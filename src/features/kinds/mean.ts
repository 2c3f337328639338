import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
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
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event, feature.value);
    return together(wantWindow(layout, series, feature.window), readMeans);
  },
};

const readMeans: ReadAll<WindowPlaces> = (ones, { counted, summed }, numbers) => {
  for (const { cell, place } of ones) {
    const times = counted[cell];
    numbers[place] = times > 0 ? summed[cell] / times / POINTS : Number.NaN;
  }
};
