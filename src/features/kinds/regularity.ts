import { z } from "zod";
import { type Kind, type ReadAll, together } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/**
 * How even the gaps between active days are: 1 / (1 + standard deviation / mean) of the gaps, in days.
 * 1 = like a clock, about 0.5 = at random, towards 0 = in bursts. NaN below three active days.
 * Cost: O(days in the window).
 */
export const Regularity = z.strictObject({
  kind: z.literal("regularity"),
  ...words,
  event: EventName.optional(),
  window: Days,
});

export const regularity: Kind<z.infer<typeof Regularity>> = {
  says: "how even the gaps between active days are: 1 like a clock, 0.5 at random",
  keeps: KEEPS.window,
  face: ({ window }) => ({ type: "number", unit: "0 to 1", window: windowText(window) }),
  plan(feature, layout) {
    return together(wantWindow(layout, wantSeries(layout, feature.event), feature.window), readRegularities);
  },
};

const readRegularities: ReadAll<WindowPlaces> = (ones, { state: { tracks }, from, to }, numbers) => {
  for (let k = 0; k < ones.length; k++) {
    const { track, cell, place } = ones[k];
    numbers[place] = regularityOf(tracks[track].buckets, from[cell], to[cell]);
  }
};

function regularityOf(days: readonly number[], first: number, end: number): number {
  const gaps = end - first - 1;
  if (gaps < 2) return Number.NaN;
  const mean = (days[end - 1] - days[first]) / gaps;
  let squares = 0;
  for (let i = first + 1; i < end; i++) squares += (days[i] - days[i - 1] - mean) ** 2;
  return mean / (mean + Math.sqrt(squares / gaps));
}
