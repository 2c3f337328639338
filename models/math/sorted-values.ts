import type { Numbers } from "../model.ts";

/** The values that are there, ascending: a copy without NaN. Cost: O(n log n). */
export function sortedValues(values: Numbers): Float64Array {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) kept[count++] = values[i];
  return kept.subarray(0, count).sort();
}
