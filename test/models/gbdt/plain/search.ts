import type { GbdtParams } from "../../../../models/gbdt/params.ts";

/** Sums of quantised gradients and hessians; whole numbers, so a plain double holds them exactly. */
export interface Sum {
  readonly g: number;
  readonly h: number;
}

export interface Found {
  gain: number;
  /** Which bins go left. */
  goesLeft: (bin: number) => boolean;
  missingLeft: boolean;
  bin: number;
  left: Sum;
}

export interface Rules {
  readonly params: GbdtParams;
  readonly unitG: number;
  readonly unitH: number;
  readonly low: number;
  readonly high: number;
  readonly direction: number;
  readonly general: boolean;
}

const plus = (a: Sum, b: Sum): Sum => ({ g: a.g + b.g, h: a.h + b.h });
const minus = (a: Sum, b: Sum): Sum => ({ g: a.g - b.g, h: a.h - b.h });
const nothing = (s: Sum) => s.g === 0 && s.h === 0;
const zero: Sum = { g: 0, h: 0 };

export function weightOf(sum: Sum, l2: number, { params, unitG, unitH, low, high }: Rules): number {
  const g = sum.g * unitG;
  const pulled = g > params.l1 ? g - params.l1 : g < -params.l1 ? g + params.l1 : 0;
  return Math.min(Math.max(-pulled / (sum.h * unitH + l2), low), high);
}

function worth(sum: Sum, l2: number, rules: Rules): number {
  const w = weightOf(sum, l2, rules);
  const [G, H] = [sum.g * rules.unitG, sum.h * rules.unitH];
  return -(2 * G * w + (H + l2) * w * w + 2 * rules.params.l1 * Math.abs(w));
}

/** Twin of kernels/search.ts for a number: every cut, missing on either side. */
export function searchNumber(bins: readonly Sum[], rules: Rules): Found | undefined {
  const { params, unitG, unitH, direction } = rules;
  const total = bins.reduce(plus, zero);
  const missing = bins[0];
  const both = !nothing(missing);
  const [G, H] = [total.g * unitG, total.h * unitH];
  const parent = rules.general ? worth(total, params.l2, rules) : (G * G) / (H + params.l2);
  let [bestUp, bestDown] = rules.general ? [0, 1] : [parent, 1];
  let found: Found | undefined;
  let seen = zero;
  for (let bin = 1; bin < bins.length - (both ? 0 : 1); bin++) {
    if (nothing(bins[bin])) continue;
    seen = plus(seen, bins[bin]);
    for (const side of both ? [0, 1] : [0]) {
      const left = side ? plus(seen, missing) : seen;
      const right = minus(total, left);
      if (left.h * unitH < params.minWeight || right.h * unitH < params.minWeight) continue;
      let up: number;
      let down = 1;
      if (rules.general) {
        const rise = weightOf(right, params.l2, rules) - weightOf(left, params.l2, rules);
        if (direction !== 0 && direction * rise < 0) continue;
        up = worth(left, params.l2, rules) + worth(right, params.l2, rules) - parent;
      } else {
        const [GL, GR] = [left.g * unitG, right.g * unitG];
        const [HL, HR] = [left.h * unitH + params.l2, right.h * unitH + params.l2];
        up = GL * GL * HR + GR * GR * HL;
        down = HL * HR;
      }
      if (!(up * bestDown > bestUp * down)) continue;
      [bestUp, bestDown] = [up, down];
      const missingLeft = both ? side === 1 : left.h > right.h;
      found = {
        gain: rules.general ? up : up / down - parent,
        missingLeft,
        bin,
        left,
        goesLeft: (b) => (b === 0 ? missingLeft : b <= bin),
      };
    }
  }
  return found;
}

/** Twin of kernels/search.ts for a category: levels in order of their smoothed ratio, cut at every place. */
export function searchCategory(bins: readonly Sum[], rules: Rules): Found | undefined {
  const { params, unitG, unitH } = rules;
  const total = bins.reduce(plus, zero);
  const kept = [...bins.keys()]
    .filter((bin) => bin > 0 && !nothing(bins[bin]) && bins[bin].h * unitH >= params.categoryMinWeight)
    .map((bin) => ({ bin, key: (bins[bin].g * unitG) / (bins[bin].h * unitH + params.categorySmooth) }))
    .sort((a, b) => a.key - b.key || a.bin - b.bin);
  const rest = minus(
    total,
    kept.reduce((sum, { bin }) => plus(sum, bins[bin]), zero),
  );
  const both = !nothing(rest);
  const l2 = params.l2 + params.categoryL2;
  const parent = worth(total, params.l2, rules);
  let best = 0;
  let found: Found | undefined;
  let seen = zero;
  for (let i = 0; i < kept.length - (both ? 0 : 1); i++) {
    seen = plus(seen, bins[kept[i].bin]);
    for (const side of both ? [0, 1] : [0]) {
      const left = side ? plus(seen, rest) : seen;
      const right = minus(total, left);
      if (left.h * unitH < params.minWeight || right.h * unitH < params.minWeight) continue;
      const gain = worth(left, l2, rules) + worth(right, l2, rules) - parent;
      if (gain <= best) continue;
      best = gain;
      const goes = new Map(kept.map(({ bin }, k) => [bin, k <= i]));
      const missingLeft = both ? side === 1 : left.h > right.h;
      found = { gain, missingLeft, bin: 0, left, goesLeft: (b) => goes.get(b) ?? missingLeft };
    }
  }
  return found;
}
