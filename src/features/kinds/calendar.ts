import { z } from "zod";
import { type Kind, ofMoment, readEach } from "../kind.ts";
import type { Moments } from "../moment.ts";
import { DAY_MS } from "../window.ts";
import { KEEPS, words } from "../words.ts";
import { weekdayOf } from "./weekday-profile.ts";

/**
 * Where the moment itself stands in the year, the month, the week or the day, by UTC: `month` 1–12, `day-of-year`
 * 1–366, `day-of-month` 1–31, `weekday` 1 (Monday) – 7, `hour` 0–23. The same for everybody at that moment, so that a
 * model can learn a season; from less than a whole year of history it learns none, only the calendar's past.
 */
export const Calendar = z.strictObject({
  kind: z.literal("calendar"),
  ...words,
  of: z.enum(["month", "day-of-year", "day-of-month", "weekday", "hour"]),
});

const UNITS = {
  month: "month",
  "day-of-year": "day",
  "day-of-month": "day",
  weekday: "weekday",
  hour: "hour",
} as const;

const READ: Readonly<Record<z.infer<typeof Calendar>["of"], (now: number, today: number) => number>> = {
  month: (now) => new Date(now).getUTCMonth() + 1,
  "day-of-year": (now, today) => today - Date.UTC(new Date(now).getUTCFullYear(), 0, 1) / DAY_MS + 1,
  "day-of-month": (now) => new Date(now).getUTCDate(),
  weekday: (_now, today) => weekdayOf(today) + 1,
  hour: (now) => new Date(now).getUTCHours(),
};

export const calendar: Kind<z.infer<typeof Calendar>> = {
  says: "the month, day or hour of the moment itself",
  keeps: KEEPS.nothing,
  face: ({ of }) => ({ type: "number", unit: UNITS[of], window: "now" }),
  plan({ of }) {
    const read = READ[of];
    return ofMoment({ read: ({ now, today }: Moments, k: number) => read(now[k], today[k]) }, readEach);
  },
};
