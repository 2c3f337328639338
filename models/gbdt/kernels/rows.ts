import { firstRow, plan, range, task, TASK_GOES_LEFT } from "./plan";

/** Moves the rows that go left before those that go right, both in their old order. Answers how many go left. */
export function part(binColumn: usize, order: usize, count: i32, spare: usize, goesLeft: usize): i32 {
  const end = order + (<usize>count << 2);
  let left = order;
  let right = spare;
  for (let q = order; q < end; q += 4) {
    const row = load<u32>(q);
    const goes = <usize>load<u8>(goesLeft + load<u8>(binColumn + row));
    store<u32>(left, row);
    store<u32>(right, row);
    left += goes << 2;
    right += (goes ^ 1) << 2;
  }
  memory.copy(left, spare, right - spare);
  return <i32>((left - order) >> 2);
}

/** Phase: parts this thread's rows of every task's node between its children. */
export function partRows(thread: i32): void {
  const p = plan();
  const spare = p.spare + (<usize>firstRow(p.rows, thread, p.threads) << 2);
  for (let i = 0; i < p.tasks; i++) {
    const t = task(i);
    const at = range(t.node, thread);
    const start = load<i32>(at);
    const count = load<i32>(at, 4);
    const column = p.binColumns + <usize>t.column * p.rows;
    const left = part(column, p.order + (<usize>start << 2), count, spare, changetype<usize>(t) + TASK_GOES_LEFT);
    store<i32>(range(t.left, thread), start);
    store<i32>(range(t.left, thread), left, 4);
    store<i32>(range(t.right, thread), start + left);
    store<i32>(range(t.right, thread), count - left, 4);
  }
}

/** Phase: adds each task's value to the margins of its rows; a last split (`column` ≥ 0) pays out without moving rows. */
export function payRows(thread: i32): void {
  const p = plan();
  for (let i = 0; i < p.tasks; i++) {
    const t = task(i);
    const at = range(t.node, thread);
    let q = p.order + (<usize>load<i32>(at) << 2);
    const end = q + (<usize>load<i32>(at, 4) << 2);
    const left = t.leftValue;
    if (t.column < 0) {
      for (; q < end; q += 4) {
        const margin = p.margin + (<usize>load<u32>(q) << 2);
        store<f32>(margin, load<f32>(margin) + left);
      }
    } else {
      const column = p.binColumns + <usize>t.column * p.rows;
      const goesLeft = changetype<usize>(t) + TASK_GOES_LEFT;
      const right = t.rightValue;
      for (; q < end; q += 4) {
        const row: usize = load<u32>(q);
        const margin = p.margin + (row << 2);
        store<f32>(margin, load<f32>(margin) + (load<u8>(goesLeft + load<u8>(column + row)) ? left : right));
      }
    }
  }
}

/**
 * The value that the finished tree gives to one row of bins.
 * A node is 48 bytes: column (−1: leaf), left, right (in nodes), value, then 32 bytes: which bins go left.
 */
@inline
function walk(tree: usize, bins: usize): f32 {
  let node = tree;
  for (let column = load<i32>(node); column >= 0; column = load<i32>(node)) {
    const bin = <usize>load<u8>(bins + column);
    const goes = (<usize>load<u8>(node + (bin >> 3), 16) >> (bin & 7)) & 1;
    node = tree + <usize>(goes ? load<i32>(node, 4) : load<i32>(node, 8)) * 48;
  }
  return load<f32>(node, 12);
}

/** Phase: the rows that sampling left out follow the finished tree. */
export function payRest(thread: i32): void {
  const p = plan();
  const root = range(0, thread);
  let q = p.order + (<usize>(load<i32>(root) + load<i32>(root, 4)) << 2);
  const end = p.order + (<usize>firstRow(p.rows, thread + 1, p.threads) << 2);
  for (; q < end; q += 4) {
    const row: usize = load<u32>(q);
    const margin = p.margin + (row << 2);
    store<f32>(margin, load<f32>(margin) + walk(p.tree, p.bins + row * p.columns));
  }
}

/** Phase: the rows for choosing follow the finished tree. */
export function payChoosing(thread: i32): void {
  const p = plan();
  const end = firstRow(p.chooseRows, thread + 1, p.threads);
  for (let row = firstRow(p.chooseRows, thread, p.threads); row < end; row++) {
    const margin = p.chooseMargin + (<usize>row << 2);
    store<f32>(margin, load<f32>(margin) + walk(p.tree, p.chooseBins + <usize>row * p.columns));
  }
}
