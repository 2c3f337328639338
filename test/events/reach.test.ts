import fc from "fast-check";
import { expect, it } from "vitest";
import { comparePositions } from "../../src/events/position.ts";
import { extendReach, NO_REACH, type Reach, reaches } from "../../src/events/reach.ts";

const at = (ms: number, seq = 0, index = 0) => ({ ms, seq, index });

it("nothing is in an empty reach", () => {
  expect(reaches(NO_REACH, 0, at(0))).toBe(false);
});

it("an event of a partition is in when it stands no later than the partition's line", () => {
  const reach = extendReach(NO_REACH, 3, at(5, 1, 2));
  expect(reaches(reach, 3, at(5, 1, 2))).toBe(true);
  expect(reaches(reach, 3, at(5, 1, 3))).toBe(false);
  expect(reaches(reach, 2, at(1))).toBe(false);
});

it("whatever the order of events, the reach is the last of each partition, partitions ascending", () => {
  const place = fc.tuple(fc.nat(4), fc.nat(3), fc.nat(3), fc.nat(3));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 20 }), (places) => {
      const reach = places.reduce<Reach>((so, [p, ms, seq, index]) => extendReach(so, p, at(ms, seq, index)), NO_REACH);
      const wanted = [...new Set(places.map(([p]) => p))]
        .sort((a, b) => a - b)
        .map((partition) => ({
          partition,
          position: places
            .filter(([p]) => p === partition)
            .map(([, ms, seq, index]) => at(ms, seq, index))
            .sort(comparePositions)
            .at(-1),
        }));
      expect(reach).toEqual(wanted);
    }),
  );
});
