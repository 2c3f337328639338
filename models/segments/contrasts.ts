import type { Numbers } from "../model.ts";

/** How one column of a cluster differs from all rows. */
export interface Contrast {
  readonly column: number;
  /** Difference of the means of the prepared column, in standard deviations. */
  readonly difference: number;
  /** Means of the column as it was measured, over the rows where it is there; NaN when it is there in none. */
  readonly mean: number;
  readonly overall: number;
}

/** For each cluster, its contrasts in all columns, the largest difference first. Cost: one pass over the values. */
export function contrastsOf(
  prepared: readonly Numbers[],
  measured: readonly Numbers[],
  cluster: ArrayLike<number>,
  clusters: number,
): Contrast[][] {
  const byColumn = prepared.map((values, j) => {
    const shifted = means(values, cluster, clusters);
    const raw = means(measured[j], cluster, clusters);
    return shifted.own.map(
      (mean, c): Contrast => ({ column: j, difference: mean - shifted.all, mean: raw.own[c], overall: raw.all }),
    );
  });
  return Array.from({ length: clusters }, (_, c) =>
    byColumn
      .map((contrasts) => contrasts[c])
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || a.column - b.column),
  );
}

function means(values: Numbers, cluster: ArrayLike<number>, clusters: number): { own: number[]; all: number } {
  const sum = new Float64Array(clusters);
  const count = new Float64Array(clusters);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum[cluster[i]] += values[i];
    count[cluster[i]]++;
  }
  const total = (lane: Float64Array) => lane.reduce((a, b) => a + b, 0);
  return { own: Array.from(sum, (s, c) => s / count[c]), all: total(sum) / total(count) };
}
