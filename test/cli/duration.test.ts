import { expect, test } from "vitest";
import { durationMs } from "../../src/cli/duration.ts";

test.each([
  ["60s", 60_000],
  ["2m", 120_000],
  ["1.5ms", 1.5],
  ["50us", 0.05],
  [" 1 h ", 3_600_000],
])("%s is %d ms", (text, ms) => {
  expect(durationMs("--budget", text)).toBeCloseTo(ms, 9);
});

test.each(["60", "s", "-1s", "0s", "1 day", "", "1s2", "1constructor"])("%j is refused by name", (text) => {
  expect(() => durationMs("--budget", text)).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining("--budget") }),
  );
});
