import { expect, test } from "vitest";
import { spineOf } from "../../../training/replay/spine.ts";
import { DAY, MONDAY } from "./support.ts";

const target = { kind: "event-within", event: "Order", days: 30, everyDays: 14, activeDays: 90 } as const;
const days = (moments: readonly number[]) => moments.map((moment) => (moment - MONDAY) / DAY);

test("moments count back from the last midnight whose horizon the log has lived through", () => {
  // the log runs from day 0 to noon of day 400: the last midnight with 30 days after it is day 370
  const { early, mature, immature } = spineOf(target, MONDAY, MONDAY + 400.5 * DAY);
  expect(days(mature).slice(-3)).toEqual([342, 356, 370]);
  expect(days(immature)).toEqual([384, 398]);
  // until it is 90 days old the log cannot say who was active in 90 days
  expect(days(mature)[0]).toBe(90);
  expect(days(early)).toEqual([6, 20, 34, 48, 62, 76]);
});

test("a short log gives up no more than a quarter of its time for being young", () => {
  // mature until day 80, a quarter of which is 20 days
  const { early, mature } = spineOf(target, MONDAY, MONDAY + 110 * DAY);
  expect(days(early)).toEqual([10]);
  expect(days(mature)).toEqual([24, 38, 52, 66, 80]);
});

test("a log shorter than the horizon has no mature moment", () => {
  const { early, mature } = spineOf(target, MONDAY, MONDAY + 29 * DAY);
  expect([...early, ...mature]).toEqual([]);
});
