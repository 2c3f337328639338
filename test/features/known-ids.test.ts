import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownIds, readVarint, writeVarint } from "../../src/features/known-ids.ts";

const arbitraryIds = fc.uniqueArray(
  fc.record({ low: fc.nat(0xffffffff), high: fc.nat(0xffffffff), day: fc.integer({ min: 20_000, max: 20_020 }) }),
  { maxLength: 120, selector: ({ low, high }) => `${low}-${high}` },
);

test("the same set is the same bytes whatever the order, and every id is found again", () => {
  fc.assert(
    fc.property(arbitraryIds, (list) => {
      const [forth, back] = [new KnownIds(), new KnownIds()];
      for (const { low, high, day } of list) forth.add(low, high, day);
      for (const { low, high, day } of list.toReversed()) back.add(low, high, day);
      const bytes = forth.encode(0);
      expect(back.encode(0).equals(bytes)).toBe(true);
      const cursor = { at: 0 };
      const read = KnownIds.decode(bytes, cursor);
      expect(cursor.at).toBe(bytes.length);
      const skipped = { at: 0 };
      KnownIds.skip(bytes, skipped);
      expect(skipped.at).toBe(bytes.length);
      for (const { low, high } of list) expect(read.has(low, high)).toBe(true);
      expect(read.has(1, 2)).toBe(list.some(({ low, high }) => low === 1 && high === 2));
    }),
  );
});

test("ids before the oldest day are forgotten, whether when written or when pruned", () => {
  const ids = new KnownIds();
  for (let i = 0; i < 100; i++) ids.add(i, i, 20_000 + (i % 10));
  const short = ids.encode(20_007);
  const read = KnownIds.decode(short, { at: 0 });
  expect(read.count).toBe(30);
  expect([read.has(7, 7), read.has(6, 6)]).toEqual([true, false]);
  ids.prune(20_007);
  expect(ids.encode(0).equals(short)).toBe(true);
  expect(ids.newestDay()).toBe(20_009);
});

test("twenty ids of one day cost 8 bytes each and five for the day", () => {
  const ids = new KnownIds();
  for (let i = 0; i < 20; i++) ids.add(i * 7_919, i * 104_729, 20_500);
  expect(ids.encode(0).length).toBe(20 * 8 + 5);
});

test("a number of up to 53 bits survives its varint", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(10);
      const end = writeVarint(bytes, value, 0);
      const cursor = { at: 0 };
      expect([readVarint(bytes, cursor), cursor.at]).toEqual([value, end]);
    }),
  );
});
