import { z } from "zod";
import { atOnce, type Kind, type ReadAll, track } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { sumBetween, type Track } from "../track.ts";
import { POINTS } from "../value.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/**
 * The standard deviation (of the population) of the day's totals of a number property, over the days that have any.
 * NaN below two such days. It follows from sums that are kept anyway, and where a day holds at most one event, as with
 * orders, it is that of the values themselves. Cost: O(days in the window).
 */
export const Spread = z.strictObject({
  kind: z.literal("spread"),
  ...words,
  event: EventName,
  value: PropertyName,
  window: Days,
});

export const spread: Kind<z.infer<typeof Spread>> = {
  says: "the standard deviation of a number property's daily totals",
  keeps: KEEPS.amounts,
  face: ({ value, window }) => ({ type: "number", unit: value, window: windowText(window) }),
  plan(feature, layout) {
    const series = wantSeries(layout, feature.event, feature.value);
    const window = wantWindow(layout, series, feature.window);
    return atOnce(track(window.track), window, readSpreads, [window.cell]);
  },
};

const readSpreads: ReadAll<WindowPlaces> = (ones, moments, k) => {
  const { state, numbers, base, width, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, place } = ones[i];
    const at = k * windows + cell;
    numbers[base + k * width + place] = spreadOf(state.tracks[track], begins[at], ends[at]);
  }
};

function spreadOf(totals: Track, first: number, end: number): number {
  const days = end - first;
  if (days < 2) return Number.NaN;
  let mean = 0;
  for (let i = first; i < end; i++) mean += sumBetween(totals, i, i + 1) / days;
  let squares = 0;
  for (let i = first; i < end; i++) squares += (sumBetween(totals, i, i + 1) - mean) ** 2;
  return Math.sqrt(squares / days) / POINTS;
}
