import fc from "fast-check";
import { expect, test } from "vitest";
import { largestOf, smallestOf } from "../../src/features/extremes.ts";
import {
  addToTrack,
  copyOf,
  countBetween,
  dropBefore,
  emptyTrack,
  placeNear,
  placeOf,
  sumBetween,
  type Track,
} from "../../src/features/track.ts";

const LANES = { value: "amount", maxima: true, minima: true };
const filled = (events: readonly (readonly [bucket: number, points: number])[]): Track => {
  const track = emptyTrack(LANES);
  for (const [bucket, points] of events) addToTrack(track, bucket, points, LANES);
  return track;
};

test("three days of amounts, by hand", () => {
  const track = filled([
    [10, 5],
    [12, 9],
    [10, -2],
    [15, 7],
    [12, 1],
  ]);
  expect(track.buckets.slice(0, track.size)).toEqual([10, 12, 15]);
  expect([largestOf(track, 0, 3), largestOf(track, 1, 3), largestOf(track, 2, 3)]).toEqual([9, 9, 7]);
  expect([largestOf(track, 0, 1), smallestOf(track, 1, 2)]).toEqual([5, 1]);
  expect([smallestOf(track, 0, 3), smallestOf(track, 1, 3), smallestOf(track, 2, 3)]).toEqual([-2, 1, 7]);
  dropBefore(track, 11);
  expect([countBetween(track, 0, 2), sumBetween(track, 0, 2), largestOf(track, 0, 2)]).toEqual([3, 17, 9]);
  dropBefore(track, 99);
  expect(track.size).toBe(0);
});

const event = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -50, max: 50 }));

test("any stretch of a track says what its events say, in whatever order they came and however many were dropped", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 40 }),
      fc.array(event, { maxLength: 10 }),
      fc.integer({ min: 0, max: 32 }),
      (before, after, oldest) => {
        const track = filled(before);
        dropBefore(track, oldest);
        const kept = before.filter(([bucket]) => bucket >= oldest);
        for (const [bucket, points] of after) addToTrack(track, bucket, points, LANES);
        const all = [...kept, ...after];
        const buckets = [...new Set(all.map(([bucket]) => bucket))].sort((a, b) => a - b);
        for (const read of [track, copyOf(track, LANES)]) {
          expect(read.buckets.slice(0, read.size)).toEqual(buckets);
          for (let first = 0; first < buckets.length; first++)
            for (let end = first + 1; end <= buckets.length; end++) {
              const inside = buckets.slice(first, end);
              const points = all.filter(([bucket]) => inside.includes(bucket)).map(([, points]) => points);
              expect(countBetween(read, first, end)).toBe(points.length);
              expect(sumBetween(read, first, end)).toBe(points.reduce((a, b) => a + b, 0));
              expect(largestOf(read, first, end)).toBe(Math.max(...points));
              expect(smallestOf(read, first, end)).toBe(Math.min(...points));
            }
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("a place is found from any guess", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 20 }),
      fc.integer({ min: -1, max: 32 }),
      fc.integer({ min: 0, max: 25 }),
      (events, bucket, guess) => {
        const track = filled(events);
        const place = track.buckets.slice(0, track.size).filter((one) => one < bucket).length;
        expect(placeOf(track, bucket)).toBe(place);
        expect(placeNear(track, bucket, guess)).toBe(place);
      },
    ),
  );
});
