import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

/**
 * Average precision: Σ (recall step) · precision, from the highest score down, tied rows taken together,
 * no interpolation (the definition of scikit-learn). NaN when there is no positive. Cost: O(n log n).
 */
export function averagePrecision(score: Numbers, label: Uint8Array): number {
  const order = orderBy(score);
  let taken = 0;
  let found = 0;
  let sum = 0;
  for (let end = order.length; end > 0; ) {
    let start = end;
    let p = 0;
    for (; start > 0 && score[order[start - 1]] === score[order[end - 1]]; start--) p += label[order[start - 1]];
    taken += end - start;
    found += p;
    sum += p * (found / taken);
    end = start;
  }
  return sum / found;
}
