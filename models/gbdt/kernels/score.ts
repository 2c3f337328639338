/**
 * Scoring of a compiled forest. A row is spread out as floats, `v`: every column, every column negated, then one float
 * for each distinct set of categories (0: the row's category goes left, 1: right). So each split of each kind is one
 * comparison, "v[offset] < threshold goes left", and NaN, for which it is false, goes right: a split that sends missing
 * values left is turned round by the compiler over the negated column.
 *
 * Leaf values are added in the order of the trees, in 32-bit floats: the same bits as training's margins.
 */

// --- perfect layout: a tree is 2^depth − 1 nodes of {threshold f32, offset u32} in heap order, and 2^depth leaves

/** The place of a node's child: 2k + 1 when the comparison holds, else 2k + 2. */
@inline
function child(nodes: usize, k: usize, v: usize): usize {
  const at = nodes + (k << 3);
  return (k << 1) + 2 - <usize>(load<f32>(v + load<u32>(at, 4)) < load<f32>(at));
}

/** Sum of one row over `trees` trees of depth 6 (a multiple of four), four trees in flight. */
export function row6(base: f32, nodes: usize, leaves: usize, trees: i32, v: usize): f32 {
  let sum = base;
  for (let t = 0; t < trees; t += 4) {
    const n1 = nodes + 504;
    const n2 = nodes + 1008;
    const n3 = nodes + 1512;
    let a = child(nodes, 0, v);
    let b = child(n1, 0, v);
    let c = child(n2, 0, v);
    let d = child(n3, 0, v);
    a = child(nodes, a, v);
    b = child(n1, b, v);
    c = child(n2, c, v);
    d = child(n3, d, v);
    a = child(nodes, a, v);
    b = child(n1, b, v);
    c = child(n2, c, v);
    d = child(n3, d, v);
    a = child(nodes, a, v);
    b = child(n1, b, v);
    c = child(n2, c, v);
    d = child(n3, d, v);
    a = child(nodes, a, v);
    b = child(n1, b, v);
    c = child(n2, c, v);
    d = child(n3, d, v);
    a = child(nodes, a, v);
    b = child(n1, b, v);
    c = child(n2, c, v);
    d = child(n3, d, v);
    sum += load<f32>(leaves + (a << 2) - 252);
    sum += load<f32>(leaves + (b << 2) + 4);
    sum += load<f32>(leaves + (c << 2) + 260);
    sum += load<f32>(leaves + (d << 2) + 516);
    nodes += 2016;
    leaves += 1024;
  }
  return sum;
}

/** As `row6`, for any depth. */
export function rowPerfect(base: f32, nodes: usize, leaves: usize, trees: i32, depth: i32, v: usize): f32 {
  const inner: usize = ((<usize>1 << depth) - 1) << 3;
  const outer: usize = <usize>4 << depth;
  const first: usize = ((<usize>1 << depth) - 1) << 2;
  let sum = base;
  for (let t = 0; t < trees; t += 4) {
    const n1 = nodes + inner;
    const n2 = n1 + inner;
    const n3 = n2 + inner;
    let a: usize = 0;
    let b: usize = 0;
    let c: usize = 0;
    let d: usize = 0;
    for (let level = 0; level < depth; level++) {
      a = child(nodes, a, v);
      b = child(n1, b, v);
      c = child(n2, c, v);
      d = child(n3, d, v);
    }
    sum += load<f32>(leaves + (a << 2) - first);
    sum += load<f32>(leaves + outer + (b << 2) - first);
    sum += load<f32>(leaves + 2 * outer + (c << 2) - first);
    sum += load<f32>(leaves + 3 * outer + (d << 2) - first);
    nodes = n3 + inner;
    leaves += 4 * outer;
  }
  return sum;
}

/** Adds `trees` trees to the sums of `rows` rows (a multiple of four), four rows in flight. `width`: bytes of a spread row. */
export function rowsPerfect(nodes: usize, leaves: usize, trees: i32, depth: i32, v: usize, width: usize, rows: i32, sums: usize): void {
  const inner: usize = ((<usize>1 << depth) - 1) << 3;
  const outer: usize = <usize>4 << depth;
  const first: usize = ((<usize>1 << depth) - 1) << 2;
  for (let t = 0; t < trees; t++) {
    const from = leaves - first;
    let row = v;
    for (let i = 0; i < rows; i += 4) {
      const row1 = row + width;
      const row2 = row1 + width;
      const row3 = row2 + width;
      let a = child(nodes, 0, row);
      let b = child(nodes, 0, row1);
      let c = child(nodes, 0, row2);
      let d = child(nodes, 0, row3);
      for (let level = 1; level < depth; level++) {
        a = child(nodes, a, row);
        b = child(nodes, b, row1);
        c = child(nodes, c, row2);
        d = child(nodes, d, row3);
      }
      const at = sums + (<usize>i << 2);
      store<f32>(at, load<f32>(at) + load<f32>(from + (a << 2)));
      store<f32>(at, load<f32>(at, 4) + load<f32>(from + (b << 2)), 4);
      store<f32>(at, load<f32>(at, 8) + load<f32>(from + (c << 2)), 8);
      store<f32>(at, load<f32>(at, 12) + load<f32>(from + (d << 2)), 12);
      row = row3 + width;
    }
    nodes += inner;
    leaves += outer;
  }
}

// --- linked layout, for trees too deep or too lopsided to be laid out whole: nodes of 16 bytes
//     {threshold f32, offset u32, left u32, right u32}; a leaf has threshold NaN, itself on the right, its value on the left

@inline
function next(nodes: usize, at: usize, v: usize): usize {
  const node = nodes + at;
  return select<usize>(load<u32>(node, 8), load<u32>(node, 12), load<f32>(v + load<u32>(node, 4)) < load<f32>(node));
}

/** Sum of one row; `roots`: for each four trees four roots and the steps of the deepest of them, five words. */
export function rowLinked(base: f32, nodes: usize, roots: usize, trees: i32, v: usize): f32 {
  let sum = base;
  for (let t = 0; t < trees; t += 4) {
    let a: usize = load<u32>(roots);
    let b: usize = load<u32>(roots, 4);
    let c: usize = load<u32>(roots, 8);
    let d: usize = load<u32>(roots, 12);
    for (let step = load<u32>(roots, 16); step > 0; step--) {
      a = next(nodes, a, v);
      b = next(nodes, b, v);
      c = next(nodes, c, v);
      d = next(nodes, d, v);
    }
    sum += load<f32>(nodes + a, 8);
    sum += load<f32>(nodes + b, 8);
    sum += load<f32>(nodes + c, 8);
    sum += load<f32>(nodes + d, 8);
    roots += 20;
  }
  return sum;
}

// --- rows

/**
 * Fills the verdicts of each row's categories by copying them from a table. For each category column four words in
 * `tables`: where its table stands, bytes of one bin's verdicts, where they go in the row, bins. `bins`: a word a row and column.
 */
export function spread(tables: usize, categories: i32, bins: usize, v: usize, width: usize, rows: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < categories; c++) {
      const table = tables + (<usize>c << 4);
      const bytes: usize = load<u32>(table, 4);
      memory.copy(v + load<u32>(table, 8), load<u32>(table) + <usize>load<u32>(bins) * bytes, bytes);
      bins += 4;
    }
    v += width;
  }
}

export { reasons } from "./reasons";
