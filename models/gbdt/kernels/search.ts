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

/** The best "value < cut" of one column by G²/(H + λ), missing tried on both sides (and all of it alone). Fractions are compared crosswise. */
function searchNumber(bins: usize, count: i32, total: i64, out: Found): void {
  const p = plan();
  const unitG = 1.0 / p.scaleG;
  const unitH = 1.0 / p.scaleH;
  const l2 = p.l2;
  const minWeight = p.minWeight;
  const G = gradientOf(total, unitG);
  const H = hessianOf(total, unitH);
  const parent = (G * G) / (H + l2);
  let bestUp = parent;
  let bestDown: f64 = 1;
  let bestBin = -1;
  let bestMissing = 0;
  let bestLeft: i64 = 0;
  const missing = load<i64>(bins);
  const both = missing != 0;
  let left: i64 = 0;
  for (let bin = 1, end = count - <i32>!both; bin < end; bin++) {
    const here = load<i64>(bins + (bin << 3));
    if (here == 0) continue;
    left += here;
    let HL = hessianOf(left, unitH);
    let HR = hessianOf(total - left, unitH);
    if (HL >= minWeight && HR >= minWeight) {
      const GL = gradientOf(left, unitG);
      const GR = gradientOf(total - left, unitG);
      HL += l2;
      HR += l2;
      const up = GL * GL * HR + GR * GR * HL;
      const down = HL * HR;
      if (up * bestDown > bestUp * down) {
        bestUp = up;
        bestDown = down;
        bestBin = bin;
        bestMissing = 0;
        bestLeft = left;
      }
    }
    if (both) {
      const with_ = left + missing;
      HL = hessianOf(with_, unitH);
      HR = hessianOf(total - with_, unitH);
      if (HL >= minWeight && HR >= minWeight) {
        const GL = gradientOf(with_, unitG);
        const GR = gradientOf(total - with_, unitG);
        HL += l2;
        HR += l2;
        const up = GL * GL * HR + GR * GR * HL;
        const down = HL * HR;
        if (up * bestDown > bestUp * down) {
          bestUp = up;
          bestDown = down;
          bestBin = bin;
          bestMissing = 1;
          bestLeft = with_;
        }
      }
    }
  }
  if (bestBin < 0) return;
  out.gain = bestUp / bestDown - parent;
  out.left = bestLeft;
  out.bin = bestBin;
  out.missingLeft = both ? bestMissing : <i32>(<u32>bestLeft > <u32>(total - bestLeft));
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

function searchNode(side: i32, slot: i32, total: i64, low: f64, high: f64, first: i32, end: i32, scratch: usize): void {
  const p = plan();
  const histogram = p.slots + <usize>slot * p.slotBytes;
  for (let column = first; column < end; column++) {
    const out = found(side, column);
    out.gain = -1;
    if (!load<u8>(p.chosen + column)) continue;
    const bins = histogram + binsAt(column);
    const count = load<i32>(p.binCounts + (column << 2));
    if (load<u8>(p.categorical + column)) searchCategory(bins, count, total, low, high, scratch, scratch + 2048, out);
    else if (p.general) searchGeneral(bins, count, total, low, high, load<i8>(p.monotone + column), out);
    else searchNumber(bins, count, total, out);
  }
}

/** Phase: for this thread's columns, gathers every task's histograms and searches both children. */
export function search(thread: i32): void {
  const p = plan();
  const first = (p.columns * thread) / p.threads;
  const end = (p.columns * (thread + 1)) / p.threads;
  const scratch = p.totals + 1024 + (thread << 12);
  for (let i = 0; i < p.tasks; i++) {
    const t = task(i);
    gather(i, first, end);
    searchNode(2 * i, t.smallSlot, t.smallTotal, t.smallLow, t.smallHigh, first, end, scratch);
    if (t.bigSlot >= 0) searchNode(2 * i + 1, t.bigSlot, t.bigTotal, t.bigLow, t.bigHigh, first, end, scratch);
  }
}
