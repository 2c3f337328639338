/**
 * The one page that driver and kernels share, at address 4096 of the memory.
 *
 * The driver (models/gbdt/memory.ts) writes it by the same names in the same order. Pointers are byte addresses;
 * `T` is the number of threads, `n` the rows, `F` the columns that take part (constant ones are left out).
 */
@unmanaged
export class Plan {
  // the crew: which turn it is, how many followers have finished it, what there is to do
  turn: i32;
  done: i32;
  phase: i32;
  threads: i32;
  // shape
  rows: i32;
  columns: i32;
  /** Columns before this one have up to 256 bins, those from it on up to 32. */
  wide: i32;
  tasks: i32;
  // the table, u8 bins: by row (for histograms) and by column (for moving rows)
  bins: usize;
  binColumns: usize;
  // a number a row
  margin: usize;
  label: usize;
  /** 0 when every row counts 1. */
  weight: usize;
  /** i64: quantised gradient << 32 plus quantised hessian. */
  gradients: usize;
  order: usize;
  spare: usize;
  // a value a thread, a range a node and thread
  totals: usize;
  ranges: usize;
  taskTable: usize;
  // histograms
  slots: usize;
  slotBytes: usize;
  local: usize;
  localBytes: usize;
  found: usize;
  // a value a column
  binCounts: usize;
  categorical: usize;
  monotone: usize;
  chosen: usize;
  cuts: usize;
  // scratch for binning: for each thread n floats, twice `sample` words, and 6144 counters
  scratch: usize;
  scratchBytes: usize;
  wave: usize;
  sample: i32;
  maxCuts: i32;
  // chance
  roundKey: u32;
  sampleKey: u32;
  /** Rows whose 32 random bits are below this take part; all of them when 0. */
  sampleBelow: u32;
  // rows that only follow the finished tree
  chooseBins: usize;
  chooseMargin: usize;
  chooseRows: i32;
  tree: usize;
  /** 1 when L1 or a monotone constraint asks for the general search. */
  general: i32;
  // numbers
  scaleG: f64;
  scaleH: f64;
  l2: f64;
  l1: f64;
  minWeight: f64;
  categoryL2: f64;
  categorySmooth: f64;
  categoryMinWeight: f64;
}

@inline
export function plan(): Plan {
  return changetype<Plan>(4096);
}

/** One node to split, or one leaf to pay out. */
@unmanaged
export class Task {
  node: i32;
  left: i32;
  right: i32;
  column: i32;
  /** The child whose histogram is counted; the other one is parent minus child. */
  small: i32;
  big: i32;
  smallSlot: i32;
  /** The parent's slot, which becomes the bigger child's; −1 for the root. */
  bigSlot: i32;
  smallTotal: i64;
  bigTotal: i64;
  smallLow: f64;
  smallHigh: f64;
  bigLow: f64;
  bigHigh: f64;
  leftValue: f32;
  rightValue: f32;
}

/** A task is 96 bytes, then 256 bytes that say for each bin whether it goes left. */
export const TASK_BYTES: usize = 352;
export const TASK_GOES_LEFT: usize = 96;

@inline
export function task(i: i32): Task {
  return changetype<Task>(plan().taskTable + <usize>i * TASK_BYTES);
}

/** Where a thread's rows of a node stand in `order`: start, count. */
@inline
export function range(node: i32, thread: i32): usize {
  return plan().ranges + (<usize>(node * plan().threads + thread) << 3);
}

/** First row of a thread: multiples of four, so that four rows at a time never cross. */
@inline
export function firstRow(rows: i32, thread: i32, threads: i32): i32 {
  return thread == threads ? rows : <i32>((<i64>rows * thread) / threads) & ~3;
}

/** Byte offset of a column's bins within a histogram: 256 bins of 8 bytes, or 32. */
@inline
export function binsAt(column: i32): usize {
  const wide = plan().wide;
  return column < wide ? <usize>column << 11 : (<usize>wide << 11) + (<usize>(column - wide) << 8);
}
