import { firstRow, plan } from "./plan";

/**
 * Sorts `count` floats (as flipped unsigned keys, three passes of eleven bits) from `a` by way of `b`.
 * The sorted floats end in `b`. `counters`: 3 × 2048 words.
 */
function sortFloats(a: usize, b: usize, count: i32, counters: usize): void {
  memory.fill(counters, 0, 3 * 8192);
  for (let i = 0; i < count; i++) {
    let key = load<u32>(a + (<usize>i << 2));
    key ^= <u32>(<i32>key >> 31) | 0x80000000;
    store<u32>(a + (<usize>i << 2), key);
    const c0 = counters + ((key & 2047) << 2);
    const c1 = counters + 8192 + (((key >> 11) & 2047) << 2);
    const c2 = counters + 16384 + ((key >> 22) << 2);
    store<u32>(c0, load<u32>(c0) + 1);
    store<u32>(c1, load<u32>(c1) + 1);
    store<u32>(c2, load<u32>(c2) + 1);
  }
  let from = a;
  let to = b;
  for (let pass = 0; pass < 3; pass++) {
    const counter = counters + pass * 8192;
    let sum: u32 = 0;
    for (let i = 0; i < 2048; i++) {
      const here = load<u32>(counter + (i << 2));
      store<u32>(counter + (i << 2), sum);
      sum += here;
    }
    const shift = pass * 11;
    for (let i = 0; i < count; i++) {
      const key = load<u32>(from + (<usize>i << 2));
      const place = counter + (((key >> shift) & 2047) << 2);
      const at = load<u32>(place);
      store<u32>(place, at + 1);
      store<u32>(to + (<usize>at << 2), key);
    }
    const other = from;
    from = to;
    to = other;
  }
  for (let i = 0; i < count; i++) {
    let key = load<u32>(b + (<usize>i << 2));
    key ^= key >> 31 ? 0x80000000 : 0xffffffff;
    store<u32>(b + (<usize>i << 2), key);
  }
}

/** A float above `low` and not above `high`: the middle where there is one. "value < cut" then parts them. */
@inline
function between(low: f32, high: f32): f32 {
  const middle = <f32>((<f64>low + <f64>high) * 0.5);
  return middle > low ? middle : high;
}

/**
 * Cuts sorted floats into at most `maxCuts + 1` bins of about equal mass; equal values stay together.
 * When there are no more distinct values than bins, each gets its own. Answers the number of cuts.
 */
function cutSorted(sorted: usize, count: i32, maxCuts: i32, cuts: usize): i32 {
  let distinct = count > 0 ? 1 : 0;
  for (let i = 1; i < count && distinct <= maxCuts + 1; i++)
    if (load<f32>(sorted + (<usize>i << 2)) != load<f32>(sorted + (<usize>(i - 1) << 2))) distinct++;
  const each = distinct <= maxCuts + 1;
  let made = 0;
  let last = 0;
  let remaining = count;
  let bins = maxCuts + 1;
  for (let i = 1; i < count; i++) {
    const low = load<f32>(sorted + (<usize>(i - 1) << 2));
    const high = load<f32>(sorted + (<usize>i << 2));
    if (low == high) continue;
    if (each || (bins > 1 && <i64>(i - last) * bins >= remaining)) {
      store<f32>(cuts + (<usize>made << 2), between(low, high));
      made++;
      remaining -= i - last;
      last = i;
      bins--;
    }
  }
  return made;
}

/** Bin of each value: 0 for NaN, else 1 + the number of cuts not above it; +∞ counts as the largest float. `cuts` holds 255 floats, padded with NaN. */
export function binValues(values: usize, count: i32, cuts: usize, out: usize): void {
  for (let i = 0; i < count; i++) {
    const value = min(load<f32>(values + (<usize>i << 2)), f32.MAX_VALUE);
    let c = cuts;
    c += <usize>(value >= load<f32>(c, 508)) << 9;
    c += <usize>(value >= load<f32>(c, 252)) << 8;
    c += <usize>(value >= load<f32>(c, 124)) << 7;
    c += <usize>(value >= load<f32>(c, 60)) << 6;
    c += <usize>(value >= load<f32>(c, 28)) << 5;
    c += <usize>(value >= load<f32>(c, 12)) << 4;
    c += <usize>(value >= load<f32>(c, 4)) << 3;
    c += <usize>(value >= load<f32>(c)) << 2;
    store<u8>(out + i, <u32>(value == value) * (<u32>((c - cuts) >> 2) + 1));
  }
}

/** Quantile cuts of `count` floats, NaN left out, from at most `sample` evenly spaced ones. Answers how many. */
export function findCuts(values: usize, count: i32, sample: i32, a: usize, b: usize, counters: usize, maxCuts: i32, cuts: usize): i32 {
  const taken = min(count, sample);
  let kept = 0;
  for (let i = 0; i < taken; i++) {
    const at = count > sample ? <i32>((<i64>i * count) / sample) : i;
    const value = min(load<f32>(values + (<usize>at << 2)), f32.MAX_VALUE);
    if (value != value) continue;
    store<f32>(a + (<usize>kept << 2), value);
    kept++;
  }
  sortFloats(a, b, kept, counters);
  for (let i = 0; i < 256; i++) store<f32>(cuts + (i << 2), NaN);
  return cutSorted(b, kept, maxCuts, cuts);
}

/** Phase: this thread's column of the wave, from floats in its scratch to cuts and bins. */
export function binColumn(thread: i32): void {
  const p = plan();
  const column = load<i32>(p.wave + (thread << 2));
  if (column < 0) return;
  const values = p.scratch + <usize>thread * p.scratchBytes;
  const a = values + (<usize>p.rows << 2);
  const b = a + (<usize>p.sample << 2);
  const cuts = p.cuts + (<usize>column << 10);
  const made = findCuts(values, p.rows, p.sample, a, b, b + (<usize>p.sample << 2), p.maxCuts, cuts);
  store<i32>(p.binCounts + (column << 2), made + 2);
  binValues(values, p.rows, cuts, p.binColumns + <usize>column * p.rows);
}

/** Phase: bins by column to bins by row, for this thread's rows. */
export function turnRows(thread: i32): void {
  const p = plan();
  const rows = p.rows;
  const columns = p.columns;
  const end = firstRow(rows, thread + 1, p.threads);
  for (let from = firstRow(rows, thread, p.threads); from < end; from += 1024) {
    const to = min(from + 1024, end);
    for (let column = 0; column < columns; column++) {
      const source = p.binColumns + <usize>column * rows;
      const target = p.bins + column;
      for (let row = from; row < to; row++) store<u8>(target + <usize>row * columns, load<u8>(source + row));
    }
  }
}
