import { binsAt, plan, range, task } from "./plan";

@inline
function add(histogram: usize, bin: usize, value: i64): void {
  const at = histogram + (bin << 3);
  store<i64>(at, load<i64>(at) + value);
}

/**
 * Adds the gradients of `count` rows to every column's bins: one 64-bit add moves gradient and hessian.
 * Two rows are in flight, so that one waits for memory while the other adds.
 */
function addBlock(histogram: usize, order: usize, count: i32, bins: usize, columns: i32, wide: i32, gradients: usize): void {
  const end = order + (<usize>(count & ~1) << 2);
  let q = order;
  for (; q < end; q += 8) {
    const row: usize = load<u32>(q);
    const row2: usize = load<u32>(q, 4);
    const value = load<i64>(gradients + (row << 3));
    const value2 = load<i64>(gradients + (row2 << 3));
    let a = bins + row * columns;
    let b = bins + row2 * columns;
    let h = histogram;
    const lastWide = a + wide;
    const last = a + columns;
    for (; a + 5 <= lastWide; a += 5) {
      add(h, load<u8>(a), value);
      add(h, load<u8>(b), value2);
      add(h + 2048, load<u8>(a, 1), value);
      add(h + 2048, load<u8>(b, 1), value2);
      add(h + 4096, load<u8>(a, 2), value);
      add(h + 4096, load<u8>(b, 2), value2);
      add(h + 6144, load<u8>(a, 3), value);
      add(h + 6144, load<u8>(b, 3), value2);
      add(h + 8192, load<u8>(a, 4), value);
      add(h + 8192, load<u8>(b, 4), value2);
      h += 10240;
      b += 5;
    }
    for (; a < lastWide; a++) {
      add(h, load<u8>(a), value);
      add(h, load<u8>(b), value2);
      h += 2048;
      b++;
    }
    for (; a + 4 <= last; a += 4) {
      add(h, load<u8>(a), value);
      add(h, load<u8>(b), value2);
      add(h + 256, load<u8>(a, 1), value);
      add(h + 256, load<u8>(b, 1), value2);
      add(h + 512, load<u8>(a, 2), value);
      add(h + 512, load<u8>(b, 2), value2);
      add(h + 768, load<u8>(a, 3), value);
      add(h + 768, load<u8>(b, 3), value2);
      h += 1024;
      b += 4;
    }
    for (; a < last; a++) {
      add(h, load<u8>(a), value);
      add(h, load<u8>(b), value2);
      h += 256;
      b++;
    }
  }
  if (count & 1) {
    const row: usize = load<u32>(q);
    const value = load<i64>(gradients + (row << 3));
    const a = bins + row * columns;
    for (let column = 0; column < columns; column++) {
      const at = column < wide ? <usize>column << 11 : (<usize>wide << 11) + (<usize>(column - wide) << 8);
      add(histogram + at, load<u8>(a + column), value);
    }
  }
}

/** Rows that are fetched before they are added. */
const BLOCK: i32 = 64;

/**
 * As `addBlock`, by blocks. A node's rows lie far apart, and the additions of one row fill the processor's window: so
 * the next rows are read in a short loop first, in which many loads wait for memory together.
 */
export function addRows(histogram: usize, order: usize, count: i32, bins: usize, columns: i32, wide: i32, gradients: usize): void {
  const last = <usize>(columns - 1);
  let touched: u32 = 0;
  for (let done = 0; done < count; done += BLOCK) {
    const here = min(BLOCK, count - done);
    const from = order + (<usize>done << 2);
    const end = from + (<usize>here << 2);
    // Rows that stand close together are fetched by the processor itself.
    if (load<u32>(end - 4) - load<u32>(from) > <u32>(here << 2))
      for (let q = from; q < end; q += 4) {
        const row: usize = load<u32>(q);
        const a = bins + row * columns;
        touched |= <u32>load<u8>(a) | <u32>load<u8>(a + last) | <u32>load<u8>(gradients + (row << 3));
      }
    addBlock(histogram, from, here, bins, columns, wide, gradients);
  }
  // Never so, but what is not used would not be read.
  if (touched > 255) unreachable();
}

/** Phase: the smaller child of every task, from this thread's rows, into the thread's own histograms (or, alone, the slot). */
export function histograms(thread: i32): void {
  const p = plan();
  for (let i = 0; i < p.tasks; i++) {
    const t = task(i);
    const at = range(t.small, thread);
    const target = p.threads == 1 ? p.slots + <usize>t.smallSlot * p.slotBytes : p.local + <usize>thread * p.localBytes + <usize>i * p.slotBytes;
    memory.fill(target, 0, p.slotBytes);
    addRows(target, p.order + (<usize>load<i32>(at) << 2), load<i32>(at, 4), p.bins, p.columns, p.wide, p.gradients);
  }
}

/** Sums the threads' histograms of a task for one column, and takes the sum from the parent's. */
export function gather(i: i32, column: i32): void {
  const p = plan();
  const t = task(i);
  const from = binsAt(column);
  const bytes: usize = column < p.wide ? 2048 : 256;
  const small = p.slots + <usize>t.smallSlot * p.slotBytes + from;
  const local = p.local + <usize>i * p.slotBytes + from;
  const parent: usize = t.bigSlot < 0 ? 0 : p.slots + <usize>t.bigSlot * p.slotBytes + from;
  if (p.threads == 1) {
    if (parent)
      for (let at: usize = 0; at < bytes; at += 16)
        v128.store(parent + at, i64x2.sub(v128.load(parent + at), v128.load(small + at)));
    return;
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = v128.load(local + at);
    for (let thread = 1; thread < p.threads; thread++) sum = i64x2.add(sum, v128.load(local + at + <usize>thread * p.localBytes));
    v128.store(small + at, sum);
    if (parent) v128.store(parent + at, i64x2.sub(v128.load(parent + at), sum));
  }
}
