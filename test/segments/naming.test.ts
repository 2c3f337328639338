import fc from "fast-check";
import { expect, test } from "vitest";
import { contrastWords, nameSegments } from "../../src/segments/naming.ts";

const contrast = (words: string, difference: number) => ({ words, difference });

test("a segment is named by its two largest contrasts", () => {
  expect(
    nameSegments([
      [contrast("orders often", 1.5), contrast("spends much", 1.2), contrast("comes often", 0.8)],
      [contrast("orders rarely", -0.5), contrast("new", -0.3), contrast("comes rarely", -0.1)],
    ]),
  ).toEqual(["orders often, spends much", "orders rarely, new"]);
});

test("segments that share their largest contrasts are told apart by the next", () => {
  const both = [contrast("orders often", 1.5), contrast("spends much", 1.2)];
  expect(
    nameSegments([
      [...both, contrast("new", -0.9)],
      [...both, contrast("known for long", 0.9)],
    ]),
  ).toEqual(["orders often, spends much, new", "orders often, spends much, known for long"]);
});

test("what differs in nothing notable is like the average", () => {
  expect(nameSegments([[contrast("orders often", 0.1)], [contrast("orders rarely", -0.1)]])).toEqual([
    "like the average",
    "like the average (2)",
  ]);
});

test("a feature without words of its own is named by its name", () => {
  expect(contrastWords("orders_400d", -1)).toBe("orders rarely");
  expect(contrastWords("wishes_30d", 1)).toBe("more wishes 30d");
  expect(contrastWords("constructor", -1)).toBe("less constructor");
});

test("no two segments ever have the same name", () => {
  const one = fc.record({
    words: fc.constantFrom("a", "b", "c"),
    difference: fc.double({ min: -2, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(one, { maxLength: 4 }), { minLength: 1, maxLength: 8 }), (segments) => {
      const names = nameSegments(segments);
      expect(new Set(names).size).toBe(segments.length);
      expect(names.every((name) => name.length > 0)).toBe(true);
    }),
  );
});
