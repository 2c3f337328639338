import { softplus } from "../math/softplus.ts";
import type { Dataset, Model } from "../model.ts";

/**
 * Weighted mean log loss in nats of a model's margins on labelled rows. Read from log-odds, so that it stays exact
 * where a probability would round to 0 or 1. NaN without rows. Cost: one `margins` of the model.
 */
export function lossOfMargins(model: Pick<Model, "margins">, { values, rows, label, weight }: Dataset): number {
  const margins = model.margins(values, rows);
  let [sum, total] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const w = weight ? weight[i] : 1;
    sum += w * softplus(label[i] ? -margins[i] : margins[i]);
    total += w;
  }
  return sum / total;
}
