import { expect, test } from "vitest";
import { shortText } from "../../../src/stores/lake/short-text.ts";

test("a short text is what latin1 makes of its bytes, at every length and place", () => {
  const bytes = Buffer.from("..order 12,34~9..");
  for (let from = 0; from < 5; from++)
    for (let length = 0; length <= 12; length++)
      expect(shortText(bytes, from, length)).toBe(bytes.toString("latin1", from, from + length));
});

test("a longer one is refused", () => {
  expect(() => shortText(Buffer.alloc(20), 0, 13)).toThrow("wanted twelve bytes at most, found 13");
});
