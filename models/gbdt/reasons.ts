import type { Ground } from "./compile.ts";
import { type Trees, treeCount } from "./trees.ts";

/** Shares of training rows below this count as this, so that no path is divided by nothing. */
const LEAST_SHARE = 1e-9;

/**
 * Exact TreeSHAP of a compiled forest (path-dependent, weighted by cover; Lundberg et al. 2020), worked out as an integral
 * (kernels/reasons.ts). Exact for any depth: as many quadrature points are taken as the longest path has columns to share.
 *
 * @returns fills `out[j]` with the share of column j and answers what the average training row gets.
 *   Cost: O(nodes) a row for paths of up to 8 distinct columns, twice that up to 16, and so on.
 */
export type Explain = (row: Float64Array, margin: number, out: Float64Array) => number;

export function compileReasons(trees: Trees, columns: number, ground: Ground): Explain {
  const count = treeCount(trees);
  const most = mostOnAPath(trees);
  const groups = Math.max(1, Math.ceil(most / 8));
  const quadrature = gaussLegendre(4 * groups);
  const nodeBytes = 32 + 16 * groups;
  const nodes = ground.take(trees.column.length * nodeBytes);
  const roots = ground.take(4 * count);
  const sums = ground.take(16 * columns);
  const points = ground.take(64 * groups);
  let f32 = new Float32Array(ground.buffer());
  const u32 = new Uint32Array(ground.buffer());
  const i32 = new Int32Array(ground.buffer());
  for (let g = 0; g < groups; g++)
    for (let k = 0; k < 4; k++) {
      const { at, weight } = quadrature[4 * g + k];
      const place = (points >> 2) + 16 * g + k;
      f32[place] = at;
      f32[place + 4] = 1 - at;
      f32[place + 8] = weight;
      f32[place + 12] = -1 / (1 - at);
    }

  let expected = trees.base;
  /** Writes a node; answers the mean of the leaves below it. `share`: of the rows of the last split on its column above. */
  const put = (node: number, above: ReadonlyMap<number, { node: number; share: number }>): number => {
    const at = (nodes + node * nodeBytes) >> 2;
    if (trees.column[node] < 0) {
      i32[at + 3] = -1;
      f32[at + 4] = trees.value[node];
      return trees.value[node];
    }
    const { offset, threshold, turned } = ground.comparison(node);
    const [left, right] = turned ? [trees.right[node], trees.left[node]] : [trees.left[node], trees.right[node]];
    i32[at + 3] = offset;
    f32[at + 4] = threshold;
    u32[at + 5] = left * nodeBytes;
    u32[at + 6] = right * nodeBytes;
    const column = trees.column[node];
    const before = above.get(column);
    const all = trees.cover[left] + trees.cover[right];
    let mean = 0;
    for (const child of [left, right]) {
      const here = all > 0 ? trees.cover[child] / all : 0.5;
      const share = Math.max(LEAST_SHARE, here * (before?.share ?? 1));
      const place = (nodes + child * nodeBytes) >> 2;
      f32[place] = share;
      u32[place + 1] = 16 * column;
      i32[place + 2] = before ? before.node * nodeBytes : -1;
      for (let p = 0; p < quadrature.length; p++)
        f32[place + 8 + p] = (1 - share) / (share * (1 - quadrature[p].at) + quadrature[p].at);
      mean += here * put(child, new Map(above).set(column, { node: child, share }));
    }
    return mean;
  };
  for (let t = 0; t < count; t++) {
    u32[(roots >> 2) + t] = trees.roots[t] * nodeBytes;
    expected += put(trees.roots[t], new Map());
  }

  return (row, margin, out) => {
    if (f32.buffer !== ground.buffer()) f32 = new Float32Array(ground.buffer());
    const v = ground.spreadRow(row);
    f32.fill(0, sums >> 2, (sums >> 2) + 4 * columns);
    for (let g = 0; g < groups; g++) ground.kernels.reasons(nodes, roots, count, v, sums, points, g);
    let total = 0;
    let size = 0;
    for (let j = 0; j < columns; j++) {
      const at = (sums >> 2) + 4 * j;
      out[j] = f32[at] + f32[at + 1] + (f32[at + 2] + f32[at + 3]);
      total += out[j];
      size += Math.abs(out[j]);
    }
    // 32-bit sums leave about 1e-6: it is laid on the contributions in proportion, so that they add up to the margin.
    const rest = margin - expected - total;
    if (size > 0) for (let j = 0; j < columns; j++) out[j] += (rest * Math.abs(out[j])) / size;
    return expected;
  };
}

/** Distinct columns on the path that has most of them. */
function mostOnAPath(trees: Trees): number {
  let most = 0;
  const walk = (node: number, seen: ReadonlySet<number>) => {
    most = Math.max(most, seen.size);
    if (trees.column[node] < 0) return;
    const here = new Set(seen).add(trees.column[node]);
    walk(trees.left[node], here);
    walk(trees.right[node], here);
  };
  for (let t = 0; t < treeCount(trees); t++) walk(trees.roots[t], new Set());
  return most;
}

/** Points and weights of Gauss–Legendre quadrature on [0, 1]: roots of the Legendre polynomial by Newton's method. */
export function gaussLegendre(count: number): { at: number; weight: number }[] {
  return Array.from({ length: count }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let before = 1;
      let value = x;
      for (let n = 2; n <= count; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = (count * (x * value - before)) / (x * x - 1);
      const move = value / slope;
      x -= move;
      if (Math.abs(move) < 1e-15) break;
    }
    return { at: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}
