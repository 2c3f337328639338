/** Log-odds of a probability: ln(p / (1 − p)). −∞ at 0, +∞ at 1, NaN outside [0, 1]. The inverse of `logistic`. */
export function logit(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability);
}
