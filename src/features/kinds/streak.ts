import { z } from "zod";
import { type Kind, later, type ReadAll } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { DAYS_KEPT, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/**
 * How many UTC days (or weeks, Monday to Sunday) in a row had events, up to this one or the one before it, since this
 * one is not over. 0 when neither had any. Cost: O(days in the row).
 */
export const Streak = z.strictObject({
  kind: z.literal("streak"),
  ...words,
  event: EventName.optional(),
  of: z.enum(["days", "weeks"]),
});

const WINDOW = { days: DAYS_KEPT, ago: 0 };

interface Unit {
  readonly days: number;
  /** Days of the first one that lie before 1 January 1970, a Thursday: weeks begin on Mondays. */
  readonly before: number;
}
const DAY: Unit = { days: 1, before: 0 };
const WEEK: Unit = { days: 7, before: 3 };
const unitOf = (day: number, { days, before }: Unit) => Math.floor((day + before) / days);

export const streak: Kind<z.infer<typeof Streak>> = {
  says: "days or weeks in a row with events, up to now",
  keeps: KEEPS.window,
  face: ({ of }) => ({ type: "number", unit: of, window: windowText(WINDOW) }),
  plan(feature, layout) {
    const places = wantWindow(layout, wantSeries(layout, feature.event), WINDOW);
    return later({ ...places, unit: feature.of === "days" ? DAY : WEEK }, readStreaks);
  },
};

interface Row extends WindowPlaces {
  readonly unit: Unit;
}

const readStreaks: ReadAll<Row> = (ones, moments, from, until) => {
  const { numbers, base, width, today, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, unit, place } = ones[i];
    const { buckets } = moments.state.tracks[track];
    for (let k = from, at = from * windows + cell; k < until; k++, at += windows)
      numbers[base + k * width + place] = rowOf(buckets, begins[at], ends[at], today[k], unit);
  }
};

function rowOf(days: readonly number[], first: number, end: number, today: number, unit: Unit): number {
  if (end === first) return 0;
  let before = unitOf(days[end - 1], unit);
  if (before < unitOf(today, unit) - 1) return 0;
  let row = 1;
  for (let i = end - 2; i >= first; i--) {
    const one = unitOf(days[i], unit);
    if (before - one > 1) break;
    row += before - one;
    before = one;
  }
  return row;
}
