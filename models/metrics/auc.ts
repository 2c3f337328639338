import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";

/**
 * Area under the ROC curve: the share of (positive, negative) pairs in which the positive scores higher,
 * ties counting one half (Mann & Whitney 1947). NaN when one class is absent. Cost: O(n log n).
 */
export function auc(score: Numbers, label: Uint8Array): number {
  const order = orderBy(score);
  let positives = 0;
  let negativesBelow = 0;
  let won = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let p = 0;
    for (; end < order.length && score[order[end]] === score[order[start]]; end++) p += label[order[end]];
    const n = end - start - p;
    won += p * (negativesBelow + n / 2);
    positives += p;
    negativesBelow += n;
    start = end;
  }
  return won / (positives * negativesBelow);
}
