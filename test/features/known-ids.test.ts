import fc from "fast-check";
import { expect, test } from "vitest";
import { idBucket, KnownIds } from "../../src/features/known-ids.ts";
import { readVarint, writeVarint } from "../../src/features/varint.ts";

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
      const { bytes } = forth.encode(0);
      expect(back.encode(0).bytes.equals(bytes)).toBe(true);
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
  const short = ids.encode(20_007).bytes;
  const read = KnownIds.decode(short, { at: 0 });
  expect(read.count).toBe(30);
  expect([read.has(7, 7), read.has(6, 6)]).toEqual([true, false]);
  ids.prune(20_007);
  expect(ids.encode(0).bytes.equals(short)).toBe(true);
  expect(ids.newestDay()).toBe(20_009);
});

test("twenty ids of one day cost 8 bytes each and five for the day", () => {
  const ids = new KnownIds();
  for (let i = 0; i < 20; i++) ids.add(i * 7_919, i * 104_729, 20_500);
  expect(ids.encode(0).bytes.length).toBe(20 * 8 + 5);
});

test("a day with more than 128 ids is sealed: the value stays short, and the buckets hold the same ids in any order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 7 }), (count, chunks) => {
      const all = Array.from({ length: count }, (_, i) => ({
        low: (i * 2_654_435_761) % 2 ** 32,
        high: (i * 40_503 + 7) % 2 ** 32,
      }));
      const store = new Map<string, Buffer>(); // day/bucket
      const keep = ({ bytes, sealed }: ReturnType<KnownIds["encode"]>) => {
        for (const [day, buckets] of sealed?.write ?? [])
          for (const [bucket, whole] of buckets) store.set(`${day}/${bucket}`, whole);
        return bytes;
      };
      let value = new KnownIds().encode(0).bytes;
      for (let from = 0; from < count; from += Math.ceil(count / chunks)) {
        const ids = KnownIds.decode(value, { at: 0 });
        const news = all.slice(from, from + Math.ceil(count / chunks));
        for (const day of ids.sealedDays())
          for (const bucket of new Set(news.map(({ high }) => idBucket(high))))
            ids.load(day, bucket, store.get(`${day}/${bucket}`) ?? null);
        for (const { low, high } of news) {
          expect(ids.has(low, high)).toBe(false);
          ids.add(low, high, 20_500);
          expect(ids.has(low, high)).toBe(true);
        }
        value = keep(ids.encode(20_493));
        expect(KnownIds.decode(value, { at: 0 }).count).toBe(Math.min(count, from + news.length));
      }
      const incremental = new Map([...store].sort());
      store.clear();
      const whole = new KnownIds();
      for (const { low, high } of all.toReversed()) whole.add(low, high, 20_500);
      expect(keep(whole.encode(20_493)).equals(value)).toBe(true);
      expect(new Map([...store].sort())).toEqual(incremental);
      expect(value.length).toBeLessThan(1_100);
      expect([...store.values()].reduce((sum, bytes) => sum + bytes.length, 0)).toBe(count > 128 ? 8 * count : 0);
    }),
    { numRuns: 60 },
  );
});

test("the buckets of a sealed day may go once its ids are forgotten", () => {
  const ids = new KnownIds();
  for (let i = 0; i < 200; i++) ids.add(i, i, 20_000);
  const { bytes, sealed } = ids.encode(19_999);
  expect([...(sealed?.write.keys() ?? [])]).toEqual([20_000]);
  const later = KnownIds.decode(bytes, { at: 0 });
  expect(() => later.has(1, 1)).toThrow(/bucket/);
  const forgotten = later.encode(20_001);
  expect(forgotten.sealed?.forget).toEqual([20_000]);
  expect(forgotten.bytes.length).toBe(1);
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
