/** Twins of the kernels' number work, one 32-bit float operation at a time. */
const f = Math.fround;

/** Nearest whole number, halves to even, as WebAssembly rounds. */
const nearest = (x: number): number => {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
};

const power = new DataView(new ArrayBuffer(4));

/** e^x as kernels/gradients.ts computes it. */
export function exp(x0: number): number {
  const x = Math.min(Math.max(x0, -80), 80);
  const n = f(nearest(f(x * f(Math.LOG2E))));
  let r = f(x - f(n * f(0.693359375)));
  r = f(r - f(n * f(-2.1219444e-4)));
  let p = f(1.98756915e-4);
  for (const c of [1.39819995e-3, 8.33345191e-3, 4.16657959e-2, 1.66666655e-1, 5.00000012e-1]) p = f(f(p * r) + f(c));
  p = f(f(f(f(p * r) * r) + r) + 1);
  power.setInt32(0, (n + 127) << 23);
  return f(p * power.getFloat32(0));
}

/** The 32 random bits of a row under a key. */
export function bits(row: number, key: number): number {
  let h = (Math.imul(row, 0x9e3779b1) + key) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Quantised gradient and hessian of one row. */
export function gradient(
  margin: number,
  label: number,
  weight: number | undefined,
  row: number,
  key: number,
  scaleG: number,
  scaleH: number,
) {
  const p = f(1 / f(1 + exp(-margin)));
  let g = f(p - label);
  let h = f(p * f(1 - p));
  if (weight !== undefined) {
    g = f(g * f(weight));
    h = f(h * f(weight));
  }
  const chance = bits(row, key);
  return {
    g: Math.floor(f(f(g * f(scaleG)) + f((chance >>> 16) * f(1 / 65536)))),
    h: Math.floor(f(f(h * f(scaleH)) + f((chance & 0xffff) * f(1 / 65536)))),
  };
}

/** Quantile cuts of numbers (NaN left out): at most `most`, "value < cut" parts them. */
export function cutsOf(values: readonly number[], most: number): number[] {
  const sorted = Float32Array.from(
    values.filter((v) => !Number.isNaN(v)),
    (v) => Math.min(v, 3.4028234663852886e38),
  ).sort();
  const each = new Set([...sorted].map((v) => v + 0)).size <= most + 1;
  const cuts: number[] = [];
  let last = 0;
  let remaining = sorted.length;
  let bins = most + 1;
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] === sorted[i - 1]) continue;
    if (!each && !(bins > 1 && (i - last) * bins >= remaining)) continue;
    const middle = f((sorted[i - 1] + sorted[i]) / 2);
    cuts.push(middle > sorted[i - 1] ? middle : sorted[i]);
    remaining -= i - last;
    last = i;
    bins--;
  }
  return cuts;
}

/** 0 for NaN, else 1 + the number of cuts that are not above the value. */
export const binOf = (value: number, cuts: readonly number[]): number =>
  Number.isNaN(value) ? 0 : 1 + cuts.filter((cut) => f(Math.min(value, 3.4028234663852886e38)) >= cut).length;
