import { binsAt, plan, task } from "./plan";
import { gather } from "./histogram";

/** What was found for one node and column, 64 bytes: gain (−1: nothing), left total, last bin on the left, where missing goes, set of bins on the left. */
@unmanaged
class Found {
  gain: f64;
  left: i64;
  bin: i32;
  missingLeft: i32;
  sorted: f64;
  set0: u64;
  set1: u64;
  set2: u64;
  set3: u64;
}

@inline
function found(side: i32, column: i32): Found {
  return changetype<Found>(plan().found + (<usize>(side * plan().columns + column) << 6));
}

@inline
function gradientOf(total: i64, unit: f64): f64 {
  return <f64>(<i32>(total >> 32)) * unit;
}

@inline
function hessianOf(total: i64, unit: f64): f64 {
  return <f64>(<u32>total) * unit;
}

/** What `weigh` found to be better: the numerator and denominator of each lane's gain. */
let betterUp: v128 = f64x2.splat(0);
let betterDown: v128 = f64x2.splat(0);

/** Weighs two cuts side by side, the rows of `left` against the rest of `total`. Answers which of them beat the best of their lane. */
@inline
function weigh(left: v128, total: v128, unitG: v128, unitH: v128, l2: v128, minWeight: v128, bestUp: v128, bestDown: v128): v128 {
  const right = i64x2.sub(total, left);
  let HL = f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i32>(left, left, 0, 2, 0, 2)), unitH);
  let HR = f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i32>(right, right, 0, 2, 0, 2)), unitH);
  const GL = f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(left, left, 1, 3, 1, 3)), unitG);
  const GR = f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(right, right, 1, 3, 1, 3)), unitG);
  const heavy = v128.and(f64x2.ge(HL, minWeight), f64x2.ge(HR, minWeight));
  HL = f64x2.add(HL, l2);
  HR = f64x2.add(HR, l2);
  const up = f64x2.add(f64x2.mul(f64x2.mul(GL, GL), HR), f64x2.mul(f64x2.mul(GR, GR), HL));
  const down = f64x2.mul(HL, HR);
  const better = v128.and(f64x2.gt(f64x2.mul(up, bestDown), f64x2.mul(bestUp, down)), heavy);
  if (v128.any_true(better)) {
    betterUp = up;
    betterDown = down;
  }
  return better;
}

/**
 * The best "value < cut" of one column by G²/(H + λ), missing tried on both sides (and all of it alone). Fractions are compared
 * crosswise, two bins at a time; of equals the first.
 */
function searchNumber(bins: usize, count: i32, total: i64, out: Found): void {
  const p = plan();
  const unitG = f64x2.splat(1.0 / p.scaleG);
  const unitH = f64x2.splat(1.0 / p.scaleH);
  const l2 = f64x2.splat(p.l2);
  const minWeight = f64x2.splat(p.minWeight);
  const G = gradientOf(total, 1.0 / p.scaleG);
  const H = hessianOf(total, 1.0 / p.scaleH);
  const parent = (G * G) / (H + p.l2);
  const missing = load<i64>(bins);
  const both = missing != 0;
  const all = i64x2.splat(total);
  const gone = i64x2.splat(missing);
  const none = i64x2.splat(0);
  // The best of each lane (every other bin): its gain as a fraction, its rows, and twice its bin, plus 1 with missing on the left.
  let bestUp = f64x2.splat(parent);
  let bestDown = f64x2.splat(1);
  let bestLeft = none;
  let bestCode = i64x2.splat(-1);
  let left = none;
  for (let bin = 1, end = count - <i32>!both; bin < end; bin += 2) {
    let here = v128.load(bins + (bin << 3));
    if (bin + 1 == end) here = i64x2.replace_lane(here, 1, 0);
    const filled = i64x2.ne(here, none);
    if (!v128.any_true(filled)) continue;
    left = i64x2.add(i64x2.add(v128.shuffle<i64>(left, left, 1, 1), here), v128.shuffle<i64>(none, here, 0, 2));
    let better = v128.and(weigh(left, all, unitG, unitH, l2, minWeight, bestUp, bestDown), filled);
    if (v128.any_true(better)) {
      bestUp = v128.bitselect(betterUp, bestUp, better);
      bestDown = v128.bitselect(betterDown, bestDown, better);
      bestLeft = v128.bitselect(left, bestLeft, better);
      bestCode = v128.bitselect(i64x2.add(i64x2.splat(<i64>bin << 1), i64x2(0, 2)), bestCode, better);
    }
    if (!both) continue;
    const more = i64x2.add(left, gone);
    better = v128.and(weigh(more, all, unitG, unitH, l2, minWeight, bestUp, bestDown), filled);
    if (v128.any_true(better)) {
      bestUp = v128.bitselect(betterUp, bestUp, better);
      bestDown = v128.bitselect(betterDown, bestDown, better);
      bestLeft = v128.bitselect(more, bestLeft, better);
      bestCode = v128.bitselect(i64x2.add(i64x2.splat(<i64>bin << 1), i64x2(1, 3)), bestCode, better);
    }
  }
  let up = f64x2.extract_lane(bestUp, 0);
  let down = f64x2.extract_lane(bestDown, 0);
  let code = i64x2.extract_lane(bestCode, 0);
  let taken = i64x2.extract_lane(bestLeft, 0);
  const code1 = i64x2.extract_lane(bestCode, 1);
  if (code1 >= 0) {
    const mine = up * f64x2.extract_lane(bestDown, 1);
    const other = f64x2.extract_lane(bestUp, 1) * down;
    if (code < 0 || other > mine || (other == mine && code1 < code)) {
      up = f64x2.extract_lane(bestUp, 1);
      down = f64x2.extract_lane(bestDown, 1);
      code = code1;
      taken = i64x2.extract_lane(bestLeft, 1);
    }
  }
  if (code < 0) return;
  out.gain = up / down - parent;
  out.left = taken;
  out.bin = <i32>(code >> 1);
  out.missingLeft = both ? <i32>(code & 1) : <i32>(<u32>taken > <u32>(total - taken));
}

@inline
function weightOf(G: f64, H: f64, l1: f64, l2: f64, low: f64, high: f64): f64 {
  const pulled = G > l1 ? G - l1 : G < -l1 ? G + l1 : 0;
  return min(max(-pulled / (H + l2), low), high);
}

/** How much a leaf of weight `w` takes off twice the objective. */
@inline
function worth(G: f64, H: f64, w: f64, l1: f64, l2: f64): f64 {
  return -(2 * G * w + (H + l2) * w * w + 2 * l1 * abs(w));
}

/** As `searchNumber`, with L1, bounds on leaf weights and a direction (+1 rising, −1 falling, 0 free). */
function searchGeneral(bins: usize, count: i32, total: i64, low: f64, high: f64, direction: i32, out: Found): void {
  const p = plan();
  const unitG = 1.0 / p.scaleG;
  const unitH = 1.0 / p.scaleH;
  const l1 = p.l1;
  const l2 = p.l2;
  const G = gradientOf(total, unitG);
  const H = hessianOf(total, unitH);
  const parent = worth(G, H, weightOf(G, H, l1, l2, low, high), l1, l2);
  let best: f64 = 0;
  const missing = load<i64>(bins);
  const sides = missing != 0 ? 2 : 1;
  let seen: i64 = 0;
  for (let bin = 1, end = count + sides - 2; bin < end; bin++) {
    const here = load<i64>(bins + (bin << 3));
    if (here == 0) continue;
    seen += here;
    for (let side = 0; side < sides; side++) {
      const left = side ? seen + missing : seen;
      const HL = hessianOf(left, unitH);
      const HR = hessianOf(total - left, unitH);
      if (HL < p.minWeight || HR < p.minWeight) continue;
      const GL = gradientOf(left, unitG);
      const GR = gradientOf(total - left, unitG);
      const wL = weightOf(GL, HL, l1, l2, low, high);
      const wR = weightOf(GR, HR, l1, l2, low, high);
      if (direction != 0 && <f64>direction * (wR - wL) < 0) continue;
      const gain = worth(GL, HL, wL, l1, l2) + worth(GR, HR, wR, l1, l2) - parent;
      if (gain > best) {
        best = gain;
        out.gain = gain;
        out.left = left;
        out.bin = bin;
        out.missingLeft = sides == 2 ? side : <i32>(<u32>left > <u32>(total - left));
      }
    }
  }
}

/**
 * The best set of categories to send left: bins in order of their smoothed gradient ratio G/(H + smooth), cut at every
 * place (Fisher 1958: the best two-part split of ordered categories is among these). Bins that weigh less than
 * `categoryMinWeight` in this node say too little: they go where missing goes. `keys` and `ranks`: 256 × 8 bytes each.
 */
function searchCategory(bins: usize, count: i32, total: i64, low: f64, high: f64, keys: usize, ranks: usize, out: Found): void {
  const p = plan();
  const unitG = 1.0 / p.scaleG;
  const unitH = 1.0 / p.scaleH;
  const l1 = p.l1;
  const l2 = p.l2 + p.categoryL2;
  let supported: i64 = 0;
  let kept = 0;
  for (let bin = 1; bin < count; bin++) {
    const here = load<i64>(bins + (bin << 3));
    const weight = hessianOf(here, unitH);
    if (here == 0 || weight < p.categoryMinWeight) continue;
    supported += here;
    const key = gradientOf(here, unitG) / (weight + p.categorySmooth);
    let at = kept++;
    while (at > 0 && load<f64>(keys + ((at - 1) << 3)) > key) {
      store<f64>(keys + (at << 3), load<f64>(keys + ((at - 1) << 3)));
      store<i32>(ranks + (at << 2), load<i32>(ranks + ((at - 1) << 2)));
      at--;
    }
    store<f64>(keys + (at << 3), key);
    store<i32>(ranks + (at << 2), bin);
  }
  const G = gradientOf(total, unitG);
  const H = hessianOf(total, unitH);
  const parent = worth(G, H, weightOf(G, H, l1, p.l2, low, high), l1, p.l2);
  const rest = total - supported;
  const sides = rest != 0 ? 2 : 1;
  let best: f64 = 0;
  let bestLast = -1;
  let seen: i64 = 0;
  for (let i = 0; i < kept - <i32>(sides == 1); i++) {
    seen += load<i64>(bins + (load<i32>(ranks + (i << 2)) << 3));
    for (let side = 0; side < sides; side++) {
      const left = side ? seen + rest : seen;
      const HL = hessianOf(left, unitH);
      const HR = hessianOf(total - left, unitH);
      if (HL < p.minWeight || HR < p.minWeight) continue;
      const GL = gradientOf(left, unitG);
      const GR = gradientOf(total - left, unitG);
      const gain =
        worth(GL, HL, weightOf(GL, HL, l1, l2, low, high), l1, l2) +
        worth(GR, HR, weightOf(GR, HR, l1, l2, low, high), l1, l2) -
        parent;
      if (gain > best) {
        best = gain;
        bestLast = i;
        out.gain = gain;
        out.left = left;
        out.missingLeft = sides == 2 ? side : <i32>(<u32>left > <u32>(total - left));
      }
    }
  }
  if (bestLast < 0) return;
  memory.fill(changetype<usize>(out) + 32, out.missingLeft ? 255 : 0, 32);
  for (let i = 0; i < kept; i++) {
    const bin = <u32>load<i32>(ranks + (i << 2));
    const at = changetype<usize>(out) + 32 + (bin >> 3);
    const bit = <u32>1 << (bin & 7);
    store<u8>(at, i <= bestLast ? load<u8>(at) | bit : load<u8>(at) & ~bit);
  }
}

function searchColumn(side: i32, slot: i32, total: i64, low: f64, high: f64, column: i32, scratch: usize): void {
  const p = plan();
  const out = found(side, column);
  out.gain = -1;
  const bins = p.slots + <usize>slot * p.slotBytes + binsAt(column);
  const count = load<i32>(p.binCounts + (column << 2));
  if (load<u8>(p.categorical + column)) searchCategory(bins, count, total, low, high, scratch, scratch + 2048, out);
  else if (p.general) searchGeneral(bins, count, total, low, high, load<i8>(p.monotone + column), out);
  else searchNumber(bins, count, total, out);
}

/**
 * Phase: for this thread's columns, gathers every task's histograms and searches both children. Threads take columns by turns:
 * those of many bins come first, and every thread must have as many of them.
 */
export function search(thread: i32): void {
  const p = plan();
  const scratch = p.totals + 1024 + (thread << 12);
  for (let i = 0; i < p.tasks; i++) {
    const t = task(i);
    for (let column = thread; column < p.columns; column += p.threads) {
      if (load<u8>(p.chosen + column)) {
        gather(i, column);
        searchColumn(2 * i, t.smallSlot, t.smallTotal, t.smallLow, t.smallHigh, column, scratch);
        if (t.bigSlot >= 0) searchColumn(2 * i + 1, t.bigSlot, t.bigTotal, t.bigLow, t.bigHigh, column, scratch);
      } else {
        found(2 * i, column).gain = -1;
        found(2 * i + 1, column).gain = -1;
      }
    }
  }
}
