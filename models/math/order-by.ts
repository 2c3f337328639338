import type { Numbers } from "../model.ts";

/** The indices 0 … n − 1 in ascending order of `values`, equal values in order of index. No NaN, please. Cost: O(n log n). */
export function orderBy(values: Numbers): Uint32Array {
  const order = new Uint32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => values[a] - values[b] || a - b);
}
