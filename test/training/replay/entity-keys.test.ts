import fc from "fast-check";
import { expect, test } from "vitest";
import type { Property } from "../../../src/events/event.ts";
import { idOf } from "../../../src/features/entity-kinds.ts";
import { createClusters } from "../../../training/replay/clusters.ts";
import { createEntityKeys, entitiesOf } from "../../../training/replay/entity-keys.ts";

const Value = fc.oneof<fc.Arbitrary<Property | undefined>[]>(
  fc.constantFrom<Property | undefined>(
    "0",
    "00",
    "-0",
    0,
    -0,
    "1e3",
    1_000,
    "",
    undefined,
    true,
    1.5,
    "x".repeat(201),
  ),
  fc.nat(20),
  fc.nat(20).map(String),
  fc.nat(20).map((n) => `0${n}`),
  fc.maxSafeInteger(),
  fc.maxSafeInteger().map(String),
  fc.constantFrom("999999999999999", "1000000000000000", 999_999_999_999_999, "9007199254740993"),
  fc.string({ unit: fc.constantFrom("a", "é", "/", ":", "5"), maxLength: 3 }),
);

test("two values have the same key when they name the same entity, and none when they can name none", () => {
  fc.assert(
    fc.property(fc.array(Value, { maxLength: 60 }), (values) => {
      const keys = createEntityKeys();
      const byId = new Map<string, number>();
      for (const value of values) {
        const id = idOf(value);
        const key = keys.keyOf(value);
        expect(Number.isNaN(key)).toBe(id === undefined);
        if (id === undefined) continue;
        expect(key).toBe(byId.get(id) ?? key);
        expect(keys.knownKeyOf(value)).toBe(key);
        byId.set(id, key);
      }
      expect(new Set(byId.values()).size).toBe(byId.size);
      const array = Float64Array.from(byId.values());
      const twice = Int32Array.from({ length: 2 * array.length }, (_, i) => i % Math.max(1, array.length));
      const { of, count } = entitiesOf({ key: (i) => array[i] }, twice);
      expect([count, [...of]]).toEqual([byId.size, [...twice]]);
    }),
    { numRuns: 300 },
  );
});

test("short whole numbers are looked up nowhere, and an id that never came has no known key", () => {
  const keys = createEntityKeys();
  expect([keys.keyOf("17"), keys.keyOf(17), keys.kept]).toEqual([17, 17, 0]);
  expect(keys.knownKeyOf("till")).toBeNaN();
  const till = keys.keyOf("till");
  expect([keys.knownKeyOf("till"), keys.kept]).toEqual([till, 1]);
});

test("tens of thousands of entities are told apart", () => {
  const key = (i: number) => (i % 2 ? i * 1e9 : -i);
  const { of, count } = entitiesOf(
    { key },
    Int32Array.from({ length: 60_000 }, (_, i) => i),
  );
  expect(count).toBe(60_000);
  expect(of[59_999]).toBe(59_999);
});

test("numbers of a cluster lie together, each is given once, and all are told cluster by cluster", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.array(fc.nat(), { maxLength: 3_000 }), (size, drawn) => {
      const clusters = createClusters(size);
      const given = drawn.map((one) => ({
        cluster: one % clusters.count,
        number: clusters.next(one % clusters.count),
      }));
      const all = [...clusters.all()];
      expect(new Set(all).size).toBe(given.length);
      const expected = given.map((one, i) => ({ ...one, i })).sort((a, b) => a.cluster - b.cluster || a.i - b.i);
      expect(all).toEqual(expected.map(({ number }) => number));
      expect(Math.max(-1, ...all)).toBeLessThan(given.length + 512 * clusters.count);
    }),
    { numRuns: 50 },
  );
});
