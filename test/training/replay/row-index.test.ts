import fc from "fast-check";
import { expect, test } from "vitest";
import { createRowIndex } from "../../../training/replay/row-index.ts";

const Place = fc.record({
  partition: fc.integer({ min: 0, max: 3 }),
  ms: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 5 })),
  seq: fc.integer({ min: 0, max: 2 }),
  index: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 70_000 })),
});
const textOf = ({ partition, ms, seq, index }: { partition: number; ms: number; seq: number; index: number }) =>
  `${partition}/${ms}-${seq}-${index}`;

test("the row of each event is found by its place in the log, and no other event has one", () => {
  const places = fc.uniqueArray(Place, { selector: textOf, maxLength: 200 });
  fc.assert(
    fc.property(places, places, (added, asked) => {
      const index = createRowIndex();
      const plain = new Map<string, number>();
      for (const place of added) {
        index.add(plain.size, place.partition, place);
        plain.set(textOf(place), plain.size);
      }
      for (const place of [...added, ...asked])
        expect(index.find(place.partition, place)).toBe(plain.get(textOf(place)) ?? -1);
    }),
    { numRuns: 200 },
  );
});

test("thousands of groups of one event each are found as well as a group of thousands", () => {
  const index = createRowIndex();
  for (let i = 0; i < 5_000; i++) index.add(i, i % 7, { ms: 1_000_000 + i, seq: 0, index: 0 });
  for (let i = 0; i < 5_000; i++) index.add(5_000 + i, 1, { ms: 5, seq: 1, index: 4_999 - i });
  for (let i = 0; i < 5_000; i++) {
    expect(index.find(i % 7, { ms: 1_000_000 + i, seq: 0, index: 0 })).toBe(i);
    expect(index.find(1, { ms: 5, seq: 1, index: i })).toBe(5_000 + 4_999 - i);
  }
});

test("two rows of one event are refused", () => {
  const index = createRowIndex();
  index.add(0, 1, { ms: 7, seq: 0, index: 3 });
  expect(() => index.add(1, 1, { ms: 7, seq: 0, index: 3 })).toThrow("two rows of one event");
});
