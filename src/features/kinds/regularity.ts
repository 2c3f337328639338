import { z } from "zod";
import { type Kind, later, type ReadAll } from "../kind.ts";
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
    return later(wantWindow(layout, wantSeries(layout, feature.event), feature.window), readRegularities);
  },
};

const readRegularities: ReadAll<WindowPlaces> = (ones, moments, from, until) => {
  const { numbers, base, width, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, place } = ones[i];
    const { buckets } = moments.state.tracks[track];
    for (let k = from, at = from * windows + cell; k < until; k++, at += windows)
      numbers[base + k * width + place] = regularityOf(buckets, begins[at], ends[at]);
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
