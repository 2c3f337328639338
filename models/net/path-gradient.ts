import type { Layers } from "./net-model.ts";

/**
 * The mean slope of the log-odds towards each unit's input of the first layer, over the straight way from the average
 * row (all sums 0) to a row (`sum[i]` is what the row adds to unit i's bias `b1[i]`): the integral of integrated
 * gradients, exact.
 *
 * At the share a of the way unit i has the input b1[i] + a · sum[i], so it is on over one stretch [from, to] of the way.
 * Between two places where such a stretch begins or ends, every unit of the second layer is straight in a too, and is
 * on over one piece of it. `on[k]` adds these pieces up; a pair of units is on together for as long as on[k] grew over
 * the first unit's stretch. Then Σ gradient[i] · sum[i] is exactly what the way climbs.
 * Cost: O(first · second + first · log first).
 */
export function pathGradient({ first, second, w2, b2, w3 }: Layers, b1: Float64Array, sum: Float64Array): Float64Array {
  const turns: { readonly at: number; readonly unit: number; readonly sign: 1 | -1 }[] = [];
  // The input of unit k of the second layer is constant[k] + a · slope[k].
  const constant = Float64Array.from(b2);
  const slope = new Float64Array(second);
  const turn = (unit: number, sign: 1 | -1) => {
    for (let k = 0; k < second; k++) {
      const w = sign * w2[unit * second + k];
      constant[k] += w * b1[unit];
      slope[k] += w * sum[unit];
    }
  };
  for (let i = 0; i < first; i++) {
    const before = b1[i] > 0;
    const after = b1[i] + sum[i] > 0;
    if (before) turn(i, 1);
    if (before !== after) turns.push({ at: Math.min(1, -b1[i] / sum[i]), unit: i, sign: after ? 1 : -1 });
  }
  turns.sort((a, b) => a.at - b.at || a.unit - b.unit);

  const gradient = new Float64Array(first);
  const on = new Float64Array(second);
  const pay = (unit: number, sign: 1 | -1) => {
    for (let k = 0; k < second; k++) gradient[unit] += sign * w3[k] * w2[unit * second + k] * on[k];
  };
  let here = 0;
  const walk = (there: number) => {
    if (there > here)
      for (let k = 0; k < second; k++) {
        const [a, b] = [constant[k] + here * slope[k], constant[k] + there * slope[k]];
        if (a > 0 && b > 0) on[k] += there - here;
        else if (a > 0 || b > 0) on[k] += ((there - here) * Math.max(a, b)) / Math.abs(b - a);
      }
    here = there;
  };
  for (const { at, unit, sign } of turns) {
    walk(at);
    // on: what was walked before it does not count; off: what was walked until here does.
    pay(unit, sign === 1 ? -1 : 1);
    turn(unit, sign);
  }
  walk(1);
  for (let i = 0; i < first; i++) if (b1[i] + sum[i] > 0) pay(i, 1);
  return gradient;
}
