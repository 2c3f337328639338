import type { Numbers } from "../model.ts";

/**
 * The `share` quantile (0 … 1) of values sorted ascending without NaN, straight lines between neighbours
 * (Hyndman & Fan 1996, type 7: what numpy, R and Excel answer). NaN when there is no value.
 */
export function quantile(sorted: Numbers | readonly number[], share: number): number {
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const at = Math.min(1, Math.max(0, share)) * last;
  const below = Math.floor(at);
  const above = Math.min(last, below + 1);
  const value = sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  return Math.min(sorted[above], value);
}
