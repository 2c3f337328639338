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
/** From here on a silhouette shows a strong structure (Kaufman & Rousseeuw 1990, table 2.4). */
const STRONG = 0.7;

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
 *
 * Two is chosen only where the structure is strong or nothing else was tried: on behaviour the silhouette likes two best,
 * the busy and the quiet, which tells a reader nothing that the activity index did not.
 */
export function chooseK(candidates: readonly Candidate[]): number {
  const telling = candidates.filter(({ k, silhouette }) => k > 2 || silhouette >= STRONG);
  const open = telling.length > 0 ? telling : candidates;
  const best = open.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  return Math.max(...open.filter(({ silhouette }) => silhouette >= best.silhouette - best.error).map(({ k }) => k));
}
