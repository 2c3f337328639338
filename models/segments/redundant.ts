import type { Points } from "./cluster.ts";

/**
 * Places of the columns to keep: each unless it moves with an earlier kept one (absolute correlation above `limit`),
 * so that one thing measured three times does not count three times. Columns must be prepared. Cost: O(points · columns²).
 */
export function withoutRedundant(points: Points, columns: number, limit: number): number[] {
  const kept: number[] = [];
  for (let j = 0; j < columns; j++)
    if (kept.every((other) => Math.abs(correlation(points, j, other)) <= limit)) kept.push(j);
  return kept;
}

/** Pearson's correlation of two columns; 0 when one of them is constant. */
function correlation(points: Points, j: number, k: number): number {
  const n = points.length;
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (const point of points) {
    a += point[j];
    b += point[k];
    aa += point[j] ** 2;
    bb += point[k] ** 2;
    ab += point[j] * point[k];
  }
  const spread = (aa / n - (a / n) ** 2) * (bb / n - (b / n) ** 2);
  return spread > 0 ? (ab / n - (a / n) * (b / n)) / Math.sqrt(spread) : 0;
}
