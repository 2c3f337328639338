import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import { chooseK, countsToTry, judge } from "../../../models/segments/choose-k.ts";
import { cluster, differentPoints } from "../../../models/segments/cluster.ts";
import { contrastsOf } from "../../../models/segments/contrasts.ts";
import { nearest } from "../../../models/segments/distance.ts";
import { planPreparation, prepare } from "../../../models/segments/preparation.ts";
import { withoutRedundant } from "../../../models/segments/redundant.ts";
import { silhouette } from "../../../models/segments/silhouette.ts";

/** Round clouds of 80 points, one standard deviation wide, about the given middles. */
function clouds(middles: readonly (readonly number[])[], seed: number): number[][] {
  const random = createRandom(seed);
  return middles.flatMap((middle) => Array.from({ length: 80 }, () => middle.map((x) => x + random.normal())));
}
const THREE = clouds(
  [
    [0, 0],
    [10, 0],
    [0, 10],
  ],
  3,
);

test("silhouette by hand: two pairs on a line", () => {
  // 0 and 1 against 10 and 11. Of point 0: a = 1, b = (10 + 11) / 2 = 10.5, s = 9.5 / 10.5. Of point 1: 8.5 / 9.5.
  const { mean, error } = silhouette([[0], [1], [10], [11]], [0, 0, 1, 1], 2);
  const [outer, inner] = [9.5 / 10.5, 8.5 / 9.5];
  expect(mean).toBeCloseTo((outer + inner) / 2, 12);
  expect(error).toBeCloseTo(Math.abs(outer - inner) / 2 / 2, 12);
});

test("a point alone in its cluster counts 0", () => {
  expect(silhouette([[0], [1], [5]], [0, 0, 1], 2).mean).toBeCloseTo((4 / 5 + 3 / 4 + 0) / 3, 12);
});

test("three clouds are found, wherever they lie in the order of rows", () => {
  const candidates = countsToTry(THREE).map((k) => judge(k, THREE, THREE, 11));
  expect(candidates.map(({ k }) => k)).toEqual([2, 3, 4, 5, 6, 7, 8]);
  expect(chooseK(candidates)).toBe(3);
  const { centroids } = cluster(THREE, 3, 11, 5);
  const middles = centroids
    .map((point) => point.map((x) => Math.round(x) + 0))
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(middles).toEqual([
    [0, 0],
    [0, 10],
    [10, 0],
  ]);
});

test("the same seed gives the same centroids, and clustering leaves the points as they were", () => {
  const before = structuredClone(THREE);
  expect(cluster(THREE, 4, 5, 3)).toEqual(cluster(THREE, 4, 5, 3));
  expect(THREE).toEqual(before);
});

test("more restarts never make the clusters wider", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      expect(cluster(THREE, 5, seed, 4).inertia).toBeLessThanOrEqual(cluster(THREE, 5, seed, 1).inertia);
    }),
    { numRuns: 10 },
  );
});

test("of counts that the sample cannot tell apart, the finest is taken", () => {
  const candidate = (k: number, mean: number) => ({ k, silhouette: mean, error: 0.01 });
  expect(chooseK([candidate(2, 0.5), candidate(3, 0.495), candidate(4, 0.48)])).toBe(3);
  expect(chooseK([candidate(3, 0.5), candidate(4, 0.4)])).toBe(3);
  // two only where the structure is strong, or where nothing else can be had
  expect(chooseK([candidate(2, 0.75), candidate(3, 0.6)])).toBe(2);
  expect(chooseK([candidate(2, 0.5), candidate(3, 0.4)])).toBe(3);
  expect(chooseK([candidate(2, 0.5)])).toBe(2);
});

test("no more clusters are tried than there are different points", () => {
  const two = [[1], [1], [2], [2], [1]];
  expect(differentPoints(two, 8)).toBe(2);
  expect(countsToTry(two)).toEqual([2]);
  expect(countsToTry([[1], [1]])).toEqual([]);
  expect(cluster(two, 2, 1, 2).inertia).toBe(0);
});

test("a prepared column has mean 0 and spread 1; a missing value is read as the median", () => {
  const values = Float64Array.from([1, 2, 3, 4, Number.NaN, 5, 6, 7]);
  const preparation = planPreparation(values);
  if (!preparation) throw new Error("wanted a preparation");
  expect(preparation.fill).toBe(4);
  expect(preparation.log).toBe(0);
  const prepared = [...values].map((x) => prepare(preparation, x));
  expect(prepared.reduce((a, b) => a + b) / 8).toBeCloseTo(0, 12);
  expect(prepared.reduce((a, b) => a + b * b, 0) / 8).toBeCloseTo(1, 12);
  expect(prepare(preparation, Number.NaN)).toBe(prepare(preparation, 4));
});

test("a skewed column is read on a logarithmic scale, and a wild value is cut", () => {
  const values = Float64Array.from({ length: 500 }, (_, i) => Math.exp(i / 60));
  const preparation = planPreparation(values);
  if (!preparation) throw new Error("wanted a preparation");
  expect(preparation.log).toBeGreaterThan(0);
  expect(prepare(preparation, 1e12)).toBe(prepare(preparation, 1e6));
  expect(prepare(preparation, 1e12)).toBeLessThan(3);
});

test("a column that says nothing is not prepared", () => {
  expect(planPreparation(Float64Array.from([3, 3, 3]))).toBeUndefined();
  expect(planPreparation(Float64Array.from([Number.NaN, Number.NaN]))).toBeUndefined();
  expect(planPreparation(new Float64Array(0))).toBeUndefined();
  expect(planPreparation(Float64Array.from({ length: 1000 }, (_, i) => (i < 5 ? 1 : 0)))).toBeUndefined();
});

test("preparing keeps the order of values, whatever they are", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 60 });
  fc.assert(
    fc.property(values, (list) => {
      const preparation = planPreparation(Float64Array.from(list));
      if (!preparation) return;
      const sorted = [...list].sort((a, b) => a - b).map((x) => prepare(preparation, x));
      for (let i = 1; i < sorted.length; i++) expect(sorted[i]).toBeGreaterThanOrEqual(sorted[i - 1]);
      for (const x of sorted) expect(Number.isFinite(x)).toBe(true);
    }),
  );
});

test("a column that repeats an earlier one is left out", () => {
  const random = createRandom(1);
  const points = Array.from({ length: 200 }, () => {
    const [a, b] = [random.normal(), random.normal()];
    return [a, -2 * a + 0.01 * random.normal(), b, 7];
  });
  expect(withoutRedundant(points, 4, 0.85)).toEqual([0, 2, 3]);
});

test("contrasts by hand", () => {
  const measured = [Float64Array.from([1, 3, 10, 10]), Float64Array.from([5, Number.NaN, Number.NaN, Number.NaN])];
  const prepared = [Float64Array.from([-1, -1, 1, 1]), Float64Array.from([0.5, 0, 0, -0.5])];
  const [first, second] = contrastsOf(prepared, measured, [0, 0, 1, 1], 2);
  expect(first).toEqual([
    { column: 0, difference: -1, mean: 2, overall: 6 },
    { column: 1, difference: 0.25, mean: 5, overall: 5 },
  ]);
  expect(second).toEqual([
    { column: 0, difference: 1, mean: 10, overall: 6 },
    { column: 1, difference: -0.25, mean: Number.NaN, overall: 5 },
  ]);
});

test("of equally near points the first is the nearest", () => {
  expect(
    nearest(
      [0, 0],
      [
        [3, 4],
        [0, 5],
        [9, 9],
      ],
    ),
  ).toEqual({ place: 0, distance: 5 });
});
