import { expect, onTestFinished, test } from "vitest";
import { moment } from "../../src/cli/moment.ts";

test("a moment of an option is UTC unless it says otherwise, wherever the machine stands", () => {
  const zone = process.env.TZ;
  process.env.TZ = "America/New_York";
  onTestFinished(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  const noon = Date.UTC(2026, 6, 1, 12);
  expect(moment("2026-07-01")).toBe(Date.UTC(2026, 6, 1));
  expect(moment("2026-07-01T12:00:00Z")).toBe(noon);
  expect(moment("2026-07-01T12:00")).toBe(noon);
  expect(moment("2026-07-01 14:00+02:00")).toBe(noon);
});

test("what is no moment says what is wanted", () => {
  for (const text of ["tomorrow", "5", "2026-02-30", "Nov 1"])
    expect(() => moment(text)).toThrow("Wanted a moment such as 2026-07-01");
});
