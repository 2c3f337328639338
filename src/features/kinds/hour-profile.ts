import { z } from "zod";
import { HOURS_A_DAY, hourOf } from "../grid.ts";
import { asNumber, type Kind, track } from "../kind.ts";
import { wantSeries, wantTrack } from "../layout.ts";
import { countBetween, placeOf } from "../track.ts";
import { HourDays, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";
import { bitsOf } from "./entropy.ts";

/**
 * At which hours of the day events happen. `read` says what of it:
 * - `{ from: 22, until: 6 }` the share of events from 22:00 up to and without 6:00 (0 … 1);
 * - `"favourite"` the commonest hour (0 … 23), of equally common ones the first;
 * - `"entropy"` how mixed the hours are, in bits (0 = always the same, 4.6 = all alike).
 *
 * Hours are UTC, moved by `utcOffset` whole hours. NaN when there were no events.
 * Cost: O(hours with events in the window).
 */
export const HourProfile = z.strictObject({
  kind: z.literal("hour-profile"),
  ...words,
  event: EventName.optional(),
  window: HourDays,
  read: z.union([
    z.enum(["favourite", "entropy"]),
    z.strictObject({ from: z.number().int().min(0).max(23), until: z.number().int().min(0).max(24) }),
  ]),
  utcOffset: z.number().int().min(-12).max(14).default(0),
});
type HourProfile = z.infer<typeof HourProfile>;

const UNITS = { favourite: "hour", entropy: "bits" } as const;

export const hourProfile: Kind<HourProfile> = {
  says: "at which hours of the day: the share of some, the commonest, or how mixed they are",
  keeps: KEEPS.hours,
  face: ({ read, window }) => ({
    type: "number",
    unit: typeof read === "string" ? UNITS[read] : "share",
    window: windowText(window),
  }),
  plan({ event, window, read, utcOffset }, layout) {
    const place = wantTrack(layout, wantSeries(layout, event), "hours");
    const times = new Float64Array(HOURS_A_DAY);
    const answer = answerOf(read, times);
    return asNumber(track(place), ({ state, now, today }, k) => {
      const hours = state.tracks[place];
      const last = today[k] - window.ago;
      const from = placeOf(hours, (last - window.days + 1) * HOURS_A_DAY);
      const to = placeOf(hours, Math.min((last + 1) * HOURS_A_DAY, hourOf(now[k]) + 1));
      if (from === to) return Number.NaN;
      times.fill(0);
      for (let i = from; i < to; i++)
        times[(hours.buckets[i] + utcOffset + HOURS_A_DAY) % HOURS_A_DAY] += countBetween(hours, i, i + 1);
      return answer();
    });
  },
};

function answerOf(read: HourProfile["read"], times: Float64Array): () => number {
  if (read === "favourite") return () => times.indexOf(Math.max(...times));
  if (read === "entropy") return () => bitsOf(times);
  const { from, until } = read;
  const wanted = (hour: number) => (from < until ? hour >= from && hour < until : hour >= from || hour < until);
  return () => {
    let inside = 0;
    let all = 0;
    for (let hour = 0; hour < times.length; hour++) {
      all += times[hour];
      if (wanted(hour)) inside += times[hour];
    }
    return inside / all;
  };
}
