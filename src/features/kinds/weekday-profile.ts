import { z } from "zod";
import { asCategory, asNumber, type Kind, track } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import type { Moments } from "../moment.ts";
import { countBetween } from "../track.ts";
import { Days, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";
import { bitsOf } from "./entropy.ts";

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/**
 * On which UTC days of the week events happen. `read` says what of it:
 * - `["Saturday", "Sunday"]` the share of events on these days (0 … 1);
 * - `"favourite"` the commonest day by name, of equally common ones the first from Monday;
 * - `"entropy"` how mixed the days are, in bits (0 = always the same, 2.8 = all alike).
 *
 * Missing when there were no events. Cost: O(days with events in the window).
 */
export const WeekdayProfile = z.strictObject({
  kind: z.literal("weekday-profile"),
  ...words,
  event: EventName.optional(),
  window: Days,
  read: z.union([z.enum(["favourite", "entropy"]), z.array(z.enum(WEEKDAYS)).min(1).max(6)]),
});

/** 1 January 1970 was a Thursday. Monday is 0. */
export const weekdayOf = (day: number): number => (day + 3) % WEEKDAYS.length;

export const weekdayProfile: Kind<z.infer<typeof WeekdayProfile>> = {
  says: "on which days of the week: the share of some, the commonest, or how mixed they are",
  keeps: KEEPS.window,
  face({ read, window }) {
    const unit = read === "favourite" ? "weekday" : read === "entropy" ? "bits" : "share";
    return { type: read === "favourite" ? "category" : "number", unit, window: windowText(window) };
  },
  plan({ event, window, read }, layout) {
    const { track: place, cell } = wantWindow(layout, wantSeries(layout, event), window);
    const times = new Float64Array(WEEKDAYS.length);
    const fill = ({ state, windows, begins, ends }: Moments, k: number): number => {
      const days = state.tracks[place];
      const from = begins[k * windows + cell];
      const to = ends[k * windows + cell];
      times.fill(0);
      for (let i = from; i < to; i++) times[weekdayOf(days.buckets[i])] += countBetween(days, i, i + 1);
      return countBetween(days, from, to);
    };
    if (read === "favourite")
      return asCategory(
        (moments, k) => (fill(moments, k) > 0 ? WEEKDAYS[times.indexOf(Math.max(...times))] : undefined),
        track(place),
        [cell],
      );
    if (read === "entropy")
      return asNumber(track(place), (moments, k) => (fill(moments, k) > 0 ? bitsOf(times) : Number.NaN), [cell]);
    const wanted = [...new Set(read)].map((name) => WEEKDAYS.indexOf(name));
    return asNumber(
      track(place),
      (moments, k) => {
        const all = fill(moments, k);
        let inside = 0;
        for (let i = 0; i < wanted.length; i++) inside += times[wanted[i]];
        return all > 0 ? inside / all : Number.NaN;
      },
      [cell],
    );
  },
};
