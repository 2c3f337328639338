import { squaredDistance } from "./distance.ts";

/**
 * Mean silhouette of points in clusters (Rousseeuw 1987) and its standard error: for each point (b − a) / max(a, b),
 * a = mean distance to its own cluster, b = to the nearest other. Between −1 and 1; a point alone in its cluster counts 0.
 * Cost: O(points² · columns).
 */
export function silhouette(
  points: readonly (readonly number[])[],
  cluster: ArrayLike<number>,
  clusters: number,
): { mean: number; error: number } {
  const size = new Float64Array(clusters);
  for (let i = 0; i < points.length; i++) size[cluster[i]]++;
  const toCluster = new Float64Array(points.length * clusters);
  for (let i = 0; i < points.length; i++)
    for (let j = 0; j < i; j++) {
      const distance = Math.sqrt(squaredDistance(points[i], points[j]));
      toCluster[i * clusters + cluster[j]] += distance;
      toCluster[j * clusters + cluster[i]] += distance;
    }
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < points.length; i++) {
    const own = cluster[i];
    if (size[own] < 2) continue;
    const a = toCluster[i * clusters + own] / (size[own] - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let c = 0; c < clusters; c++)
      if (c !== own && size[c] > 0) b = Math.min(b, toCluster[i * clusters + c] / size[c]);
    const larger = Math.max(a, b);
    const s = b === Number.POSITIVE_INFINITY || larger === 0 ? 0 : (b - a) / larger;
    sum += s;
    squares += s * s;
  }
  const mean = sum / points.length;
  return { mean, error: Math.sqrt(Math.max(0, squares / points.length - mean * mean) / points.length) };
}
