import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { POINTS } from "../value.ts";
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
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event, feature.value);
    return together(wantWindow(layout, series, feature.window), readSums);
  },
};

const readSums: ReadAll<WindowPlaces> = (ones, { summed }, numbers) => {
  for (const { cell, place } of ones) numbers[place] = summed[cell] / POINTS;
};
