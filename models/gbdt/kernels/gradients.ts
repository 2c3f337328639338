import { firstRow, plan, range } from "./plan";

/** e^x for four floats, |x| ≤ 80, relative error about 1e-7: split off powers of two, then a polynomial. */
@inline
function exp4(x0: v128): v128 {
  const x = f32x4.pmin(f32x4.pmax(x0, f32x4.splat(-80)), f32x4.splat(80));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.39819995e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.33345191e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.16657959e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.66666655e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.00000012e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23));
}

/** 32 random bits of each of four rows: a hash of row and key, so that no thread's order matters. */
@inline
function bits4(row: v128, key: u32): v128 {
  let h = i32x4.add(i32x4.mul(row, i32x4.splat(0x9e3779b1)), i32x4.splat(key));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/**
 * Phase: gradients and hessians of the log loss for this thread's rows, as whole numbers in one i64 a row.
 *
 * Rounding is by chance (floor(x + u), u from a hash of the row), so a probability of 0.0001 still weighs what it
 * should when a quantum is bigger than that. Whole numbers make every later sum exact, in whatever order it is taken.
 * Rows left out by sampling get 0 and stand behind the others in `order`.
 */
export function gradients(thread: i32): void {
  const p = plan();
  const rows = p.rows;
  const start = firstRow(rows, thread, p.threads);
  const end = firstRow(rows, thread + 1, p.threads);
  const scaleG = f32x4.splat(<f32>p.scaleG);
  const scaleH = f32x4.splat(<f32>p.scaleH);
  const one = f32x4.splat(1);
  const below = p.sampleBelow;
  const weighted = p.weight != 0;
  const dust = f32x4.splat(1.0 / 65536.0);
  let total: i64 = 0;
  let front = p.order + (<usize>start << 2);
  let back = p.spare + (<usize>start << 2);
  for (let i = start; i < end; i += 4) {
    const at = <usize>i << 2;
    const row = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
    const probability = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v128.load(p.margin + at)))));
    let gradient = f32x4.sub(probability, v128.load(p.label + at));
    let hessian = f32x4.mul(probability, f32x4.sub(one, probability));
    if (weighted) {
      const weight = v128.load(p.weight + at);
      gradient = f32x4.mul(gradient, weight);
      hessian = f32x4.mul(hessian, weight);
    }
    const chance = bits4(row, p.roundKey);
    const chanceG = f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(chance, 16)), dust);
    const chanceH = f32x4.mul(f32x4.convert_i32x4_u(v128.and(chance, i32x4.splat(0xffff))), dust);
    let g = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(f32x4.mul(gradient, scaleG), chanceG)));
    let h = i32x4.trunc_sat_f32x4_u(f32x4.floor(f32x4.add(f32x4.mul(hessian, scaleH), chanceH)));
    let live = i32x4.lt_s(row, i32x4.splat(rows));
    if (below) {
      const bits = bits4(row, p.sampleKey);
      const taken = i32x4.lt_u(bits, i32x4.splat(below));
      live = v128.and(live, taken);
      for (let k: i32 = 0, last = min(4, end - i); k < last; k++) {
        const inside = <usize>((i32x4.bitmask(taken) >> k) & 1);
        store<u32>(front, i + k);
        store<u32>(back, i + k);
        front += inside << 2;
        back += (inside ^ 1) << 2;
      }
    } else v128.store(p.order + at, row);
    g = v128.and(g, live);
    h = v128.and(h, live);
    const low = i8x16.shuffle(h, g, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const high = i8x16.shuffle(h, g, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    v128.store(p.gradients + (<usize>i << 3), low);
    v128.store(p.gradients + (<usize>i << 3), high, 16);
    const sum = i64x2.add(low, high);
    total += i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  }
  let taken = end - start;
  if (below) {
    taken = <i32>((front - p.order - (<usize>start << 2)) >> 2);
    memory.copy(front, p.spare + (<usize>start << 2), <usize>(end - start - taken) << 2);
  }
  store<i64>(p.totals + (thread << 3), total);
  store<i32>(range(0, thread), start);
  store<i32>(range(0, thread), taken, 4);
}
