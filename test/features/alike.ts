import { expect } from "vitest";
import type { Property } from "../../src/events/event.ts";

/** Equal but for the ninth place of numbers: the oracle adds in another order. */
export function expectAlike(read: ReadonlyMap<string, Property>, said: ReadonlyMap<string, Property>) {
  expect([...read.keys()].sort()).toEqual([...said.keys()].sort());
  for (const [name, value] of said) {
    const found = read.get(name);
    if (typeof value === "number" && typeof found === "number")
      expect(Math.abs(found - value), `${name}: ${found} for ${value}`).toBeLessThanOrEqual(
        1e-9 * (1 + Math.abs(value)),
      );
    else expect(found, name).toBe(value);
  }
}
