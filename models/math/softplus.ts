/** ln(1 + e^x) without overflow: the log loss of a margin `x` under the label 0, and of `−x` under the label 1. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
