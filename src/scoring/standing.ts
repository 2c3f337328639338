import type { Manifest } from "./artifact.ts";

/**
 * Where a probability stands: its percentile among the rows kept for choosing (`spread`, ascending quantiles),
 * in the middle of equal values, and the band that it falls in. Cost: O(log spread).
 */
export function standing(
  { spread, bands }: Pick<Manifest, "spread" | "bands">,
  probability: number,
): { readonly percentile: number; readonly band: string } {
  return { percentile: percentileOf(spread, probability), band: bandOf(bands, probability) };
}

function percentileOf(spread: readonly number[], probability: number): number {
  if (spread.length < 2) return Number.NaN;
  const below = countWhere(spread, (value) => value < probability);
  // most stand between two quantiles and on none
  const upTo = spread[below] !== probability ? below : countWhere(spread, (value) => value <= probability);
  if (upTo === 0) return 0;
  if (below === spread.length) return 100;
  // between two quantiles it stands between their ranks; on equal ones, in their middle
  const rank =
    upTo > below
      ? (below + upTo - 1) / 2
      : below - 1 + (probability - spread[below - 1]) / (spread[below] - spread[below - 1]);
  return (100 * rank) / (spread.length - 1);
}

/** How many values of an ascending list fulfil `holds`, which is true up to some place and false after it. */
function countWhere(values: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bandOf(bands: Manifest["bands"], probability: number): string {
  let name = bands[0]?.name ?? "";
  for (const band of bands) {
    if (probability < band.from) break;
    name = band.name;
  }
  return name;
}
