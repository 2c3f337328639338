import { cluster, differentPoints, type Points } from "./cluster.ts";
import { nearest } from "./distance.ts";
import { silhouette } from "./silhouette.ts";

export interface Candidate {
  readonly k: number;
  readonly silhouette: number;
  /** Standard error of the silhouette over the sample. */
  readonly error: number;
}

export const LEAST_SEGMENTS = 2;
export const MOST_SEGMENTS = 8;
const RESTARTS = 3;

/** The mean silhouette of one number of clusters: fitted on `points`, judged on `sample`. */
export function judge(k: number, points: Points, sample: Points, seed: number): Candidate {
  const { centroids } = cluster(points, k, seed, RESTARTS);
  const own = sample.map((point) => nearest(point, centroids).place);
  const { mean, error } = silhouette(sample, own, k);
  return { k, silhouette: mean, error };
}

/** The numbers of clusters that may be tried: 2 … 8, and no more than there are different points. Empty when there is one. */
export function countsToTry(points: Points): number[] {
  const most = Math.min(MOST_SEGMENTS, differentPoints(points, MOST_SEGMENTS));
  return Array.from({ length: Math.max(0, most - LEAST_SEGMENTS + 1) }, (_, i) => LEAST_SEGMENTS + i);
}

/**
 * The finest count whose mean silhouette is not worse than the best one by more than the best one's standard error:
 * among counts that the sample cannot tell apart, the one that says more. There must be a candidate.
 */
export function chooseK(candidates: readonly Candidate[]): number {
  const best = candidates.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  return Math.max(
    ...candidates.filter(({ silhouette }) => silhouette >= best.silhouette - best.error).map(({ k }) => k),
  );
}
