import { kmeans } from "ml-kmeans";
import { nearest, squaredDistance } from "./distance.ts";

export type Points = readonly (readonly number[])[];

export interface Clustering {
  readonly centroids: readonly (readonly number[])[];
  /** Sum of squared distances to the nearest centroid. */
  readonly inertia: number;
}

/**
 * k-means from `restarts` sets of k-means++ seeds (Arthur & Vassilvitskii 2007); the tightest result wins.
 * Same points, k and seed give the same centroids. There must be at least k different points.
 * Cost: O(restarts · iterations · points · k · columns).
 */
export function cluster(points: Points, k: number, seed: number, restarts: number): Clustering {
  let best: Clustering | undefined;
  for (let run = 0; run < restarts; run++) {
    const data = points.map((point) => [...point]);
    const { centroids } = kmeans(data, k, { seed: seedOf(seed, k, run), maxIterations: 60 });
    const inertia = inertiaOf(points, centroids);
    if (best === undefined || inertia < best.inertia) best = { centroids, inertia };
  }
  if (best === undefined) throw new RangeError("wanted at least one restart");
  return best;
}

/** A positive 31-bit number that differs from run to run. */
const seedOf = (seed: number, k: number, run: number) =>
  (Math.imul(seed + 1, 0x9e3779b1) ^ (k * 1009 + run * 17)) & 0x7fffffff;

function inertiaOf(points: Points, centroids: Points): number {
  let sum = 0;
  for (const point of points) sum += squaredDistance(point, centroids[nearest(point, centroids).place]);
  return sum;
}

/** How many different points there are, counted no further than `enough`. */
export function differentPoints(points: Points, enough: number): number {
  const seen = new Set<string>();
  for (const point of points) {
    seen.add(point.join(" "));
    if (seen.size >= enough) break;
  }
  return seen.size;
}
