import type { Numbers } from "../model.ts";
import { levelBin } from "./features.ts";
import { SCORE } from "./kernel-bytes.ts";
import { inSet, type Trees, treeCount } from "./trees.ts";
import { bind, compile, createWasmMemory, type WasmModule } from "./wasm.ts";

/** Rows in one block of a batch: as many as keep the spread rows within the first-level cache. */
const BLOCK_BYTES = 24_576;
const MOST = 3.4028234663852886e38;

interface ScoreKernels {
  row6(base: number, nodes: number, leaves: number, trees: number, v: number): number;
  rowPerfect(base: number, nodes: number, leaves: number, trees: number, depth: number, v: number): number;
  rowLinked(base: number, nodes: number, roots: number, trees: number, v: number): number;
  rowsPerfect(
    nodes: number,
    leaves: number,
    trees: number,
    depth: number,
    v: number,
    width: number,
    rows: number,
    sums: number,
  ): void;
  spread(tables: number, categories: number, bins: number, v: number, width: number, rows: number): void;
  reasons(nodes: number, roots: number, trees: number, v: number, sums: number, points: number, group: number): void;
}

/** A forest laid out for scoring in a memory of its own; rows go in, margins come out. Not to be shared between threads. */
export interface Compiled {
  row(row: Float64Array): number;
  /** Rows given column by column. */
  rows(values: readonly Numbers[], count: number): Float64Array;
  /** Rows given one after the other. */
  table(values: Float64Array, count: number): Float64Array;
  /** What the reasons need to lay themselves out in the same memory. */
  readonly ground: Ground;
}

export interface Ground {
  readonly kernels: ScoreKernels;
  /** Room of so many bytes behind all that is there; views are to be made anew afterwards. */
  take(bytes: number): number;
  buffer(): ArrayBufferLike;
  /** Spreads one row at the address that is answered. */
  spreadRow(row: Float64Array): number;
  /** How a split looks when it is one comparison: over which float, and whether its children change places. */
  comparison(node: number): { offset: number; threshold: number; turned: boolean };
}

let compiled: WasmModule | undefined;

/**
 * Compiles a forest for scoring.
 *
 * Trees are laid out whole (2^depth leaves) when that does not waste more than it saves, else as linked nodes; any depth is
 * scored. Memory: 8 bytes a node and 4 a leaf when whole, 16 a node when linked, and 4 bytes for each category bin and distinct
 * set of categories. Cost: a few milliseconds for 200 trees.
 */
export function compileTrees(trees: Trees, columns: number): Compiled {
  compiled ??= compile(SCORE);
  const memory = createWasmMemory(1);
  const kernels = bind<ScoreKernels>(compiled, memory);
  let end = 1024;
  const take = (bytes: number) => {
    const at = end;
    end = Math.ceil((end + bytes) / 64) * 64;
    const missing = Math.ceil((end - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
    return at;
  };

  const verdicts = layVerdicts(trees, columns, take, () => memory.buffer);
  const { width, categories, tables } = verdicts;
  const block = Math.max(4, Math.min(64, Math.floor(BLOCK_BYTES / width) & ~3));
  const v = take(width * block);
  const bins = take(4 * block * Math.max(1, categories.length));
  const sums = take(4 * block);
  const numeric = Array.from({ length: columns }, (_, j) => j).filter((j) => !trees.levelBins.has(j));
  const comparison = (node: number) => compare(trees, columns, verdicts.offsetOf, node);
  const forest = layForest(trees, comparison, take, () => memory.buffer);
  // Nothing grows the memory in the request path, but reasons do once: views are made anew when it has.
  let f32 = new Float32Array(memory.buffer);
  let u32 = new Uint32Array(memory.buffer);
  const look = () => {
    if (f32.buffer === memory.buffer) return;
    f32 = new Float32Array(memory.buffer);
    u32 = new Uint32Array(memory.buffer);
  };

  const spreadRow = (row: Float64Array) => {
    look();
    const at = v >> 2;
    for (const j of numeric) {
      const value = row[j] > MOST ? MOST : row[j];
      f32[at + j] = value;
      f32[at + columns + j] = -value;
    }
    if (categories.length) {
      for (let c = 0; c < categories.length; c++)
        u32[(bins >> 2) + c] = levelBin(categories[c].levelBins, row[categories[c].column]);
      kernels.spread(tables, categories.length, bins, v, width, 1);
    }
    return v;
  };
  const one = (at: number): number => {
    const { layout, nodes, leaves, count, depth } = forest;
    if (layout === "linked") return kernels.rowLinked(trees.base, nodes, leaves, count, at);
    if (depth === 6) return kernels.row6(trees.base, nodes, leaves, count, at);
    return kernels.rowPerfect(trees.base, nodes, leaves, count, depth, at);
  };
  /** The margins of rows that `fill` lays out a block at a time, and whose cell of a category column `cell` knows. */
  const blocks = (
    count: number,
    fill: (from: number, here: number) => void,
    cell: (row: number, column: number) => number,
  ): Float64Array => {
    const out = new Float64Array(count);
    for (let from = 0; from < count; from += block) {
      const here = Math.min(block, count - from);
      fill(from, here);
      if (categories.length) {
        for (let c = 0; c < categories.length; c++) {
          const { column, levelBins } = categories[c];
          for (let i = 0; i < here; i++)
            u32[(bins >> 2) + i * categories.length + c] = levelBin(levelBins, cell(from + i, column));
        }
        kernels.spread(tables, categories.length, bins, v, width, here);
      }
      if (forest.layout === "linked") for (let i = 0; i < here; i++) out[from + i] = one(v + i * width);
      else {
        f32.fill(trees.base, sums >> 2, (sums >> 2) + block);
        kernels.rowsPerfect(forest.nodes, forest.leaves, forest.real, forest.depth, v, width, (here + 3) & ~3, sums);
        for (let i = 0; i < here; i++) out[from + i] = f32[(sums >> 2) + i];
      }
    }
    return out;
  };
  const floats = width >> 2;
  return {
    row: (row) => one(spreadRow(row)),
    rows(values, count) {
      look();
      const fill = (from: number, here: number) => {
        for (const j of numeric) {
          const column = values[j];
          for (let i = 0, at = (v >> 2) + j; i < here; i++, at += floats) {
            const value = column[from + i] > MOST ? MOST : column[from + i];
            f32[at] = value;
            f32[at + columns] = -value;
          }
        }
      };
      return blocks(count, fill, (row, column) => values[column][row]);
    },
    table(values, count) {
      look();
      const fill = (from: number, here: number) => {
        for (let i = 0, at = v >> 2; i < here; i++, at += floats) {
          const row = (from + i) * columns;
          for (let k = 0; k < numeric.length; k++) {
            const j = numeric[k];
            const value = values[row + j] > MOST ? MOST : values[row + j];
            f32[at + j] = value;
            f32[at + columns + j] = -value;
          }
        }
      };
      return blocks(count, fill, (row, column) => values[row * columns + column]);
    },
    ground: { kernels, take, buffer: () => memory.buffer, spreadRow, comparison },
  };
}

/** The table of verdicts: for each category column, each bin's answer to each distinct set of that column. */
function layVerdicts(trees: Trees, columns: number, take: (bytes: number) => number, buffer: () => ArrayBufferLike) {
  const places = new Map<number, number>();
  const categories: { column: number; levelBins: Uint16Array; nodes: number[] }[] = [];
  let width = 2 * columns * 4;
  const offsetOf = new Map<number, number>();
  for (const [column, levelBins] of [...trees.levelBins].sort(([a], [b]) => a - b))
    categories.push({ column, levelBins, nodes: [] });
  for (const category of categories) {
    const words = (Math.max(0, ...unique(category.levelBins)) >> 5) + 1;
    const known = new Map<string, number>();
    for (let node = 0; node < trees.column.length; node++) {
      if (trees.column[node] !== category.column) continue;
      const set = trees.sets.subarray(trees.set[node], trees.set[node] + words);
      const key = `${trees.missingLeft[node]} ${set.join(" ")}`;
      let offset = known.get(key);
      if (offset === undefined) {
        offset = width + 4 * category.nodes.length;
        known.set(key, offset);
        category.nodes.push(node);
      }
      offsetOf.set(node, offset);
    }
    places.set(category.column, width);
    width += 4 * category.nodes.length;
  }
  const used = categories.filter((c) => c.nodes.length);
  const tables = take(16 * Math.max(1, used.length));
  used.forEach(({ column, levelBins, nodes }, c) => {
    const count = Math.max(0, ...unique(levelBins)) + 1;
    const table = take(4 * nodes.length * count);
    const f32 = new Float32Array(buffer(), table, nodes.length * count);
    for (let bin = 0; bin < count; bin++)
      nodes.forEach((node, k) => {
        const left = bin === 0 ? trees.missingLeft[node] === 1 : inSet(trees.sets, trees.set[node], bin);
        f32[bin * nodes.length + k] = left ? 0 : 1;
      });
    new Uint32Array(buffer()).set(
      [table, 4 * nodes.length, places.get(column) as number, count],
      (tables >> 2) + 4 * c,
    );
  });
  return { width: Math.ceil(width / 16) * 16, categories: used, tables, offsetOf };
}

const unique = (bins: Uint16Array) => new Set(bins);

const words = new DataView(new ArrayBuffer(4));
/** The smallest float above `value`. */
export function nextFloat(value: number): number {
  if (value === 0) return 1.401298464324817e-45;
  if (value === Number.POSITIVE_INFINITY) return value;
  words.setFloat32(0, value);
  words.setInt32(0, words.getInt32(0) + (value > 0 ? 1 : -1));
  return words.getFloat32(0);
}

function compare(trees: Trees, columns: number, offsetOf: ReadonlyMap<number, number>, node: number) {
  const column = trees.column[node];
  const verdict = offsetOf.get(node);
  if (verdict !== undefined) return { offset: verdict, threshold: 0.5, turned: false };
  // Missing goes left: "−x < next above −threshold" is "x ≥ threshold", and NaN then goes where x < threshold goes.
  if (trees.missingLeft[node])
    return { offset: 4 * (columns + column), threshold: nextFloat(-trees.value[node]), turned: true };
  return { offset: 4 * column, threshold: trees.value[node], turned: false };
}

interface Forest {
  readonly layout: "perfect" | "linked";
  readonly depth: number;
  readonly nodes: number;
  /** Leaves of perfect trees; roots of linked ones. */
  readonly leaves: number;
  /** Trees, and trees with those that only fill the last four. */
  readonly real: number;
  readonly count: number;
}

function layForest(
  trees: Trees,
  comparison: (node: number) => { offset: number; threshold: number; turned: boolean },
  take: (bytes: number) => number,
  buffer: () => ArrayBufferLike,
): Forest {
  const real = treeCount(trees);
  const count = (real + 3) & ~3;
  const depths = Array.from({ length: real }, (_, t) => depthOf(trees, trees.roots[t]));
  const depth = Math.max(1, ...depths);
  const leafCount = trees.column.reduce((n, column) => n + Number(column < 0), 0);
  if (depth <= 6 || (depth <= 12 && real * 2 ** depth <= 4 * leafCount)) {
    const inner = 2 ** depth - 1;
    const nodes = take(count * inner * 8);
    const leaves = take(count * (inner + 1) * 4);
    const f32 = new Float32Array(buffer());
    const u32 = new Uint32Array(buffer());
    const put = (tree: number, k: number, level: number, node: number) => {
      if (level === depth) {
        f32[(leaves >> 2) + tree * (inner + 1) + k - inner] = trees.value[node];
        return;
      }
      // A leaf that stands too high is reached by both ways of idle comparisons.
      let [left, right] = [node, node];
      if (trees.column[node] >= 0) {
        const { offset, threshold, turned } = comparison(node);
        const at = (nodes >> 2) + 2 * (tree * inner + k);
        f32[at] = threshold;
        u32[at + 1] = offset;
        [left, right] = turned ? [trees.right[node], trees.left[node]] : [trees.left[node], trees.right[node]];
      }
      put(tree, 2 * k + 1, level + 1, left);
      put(tree, 2 * k + 2, level + 1, right);
    };
    for (let t = 0; t < real; t++) put(t, 0, 0, trees.roots[t]);
    return { layout: "perfect", depth, nodes, leaves, real, count };
  }
  const nodes = take(16 * (trees.column.length + 1));
  const roots = take((20 * count) / 4);
  const f32 = new Float32Array(buffer());
  const u32 = new Uint32Array(buffer());
  const idle = trees.column.length;
  for (let node = 0; node <= idle; node++) {
    const at = (nodes >> 2) + 4 * node;
    if (node === idle || trees.column[node] < 0) {
      f32[at] = Number.NaN;
      f32[at + 2] = node === idle ? 0 : trees.value[node];
      u32[at + 3] = 16 * node;
      continue;
    }
    const { offset, threshold, turned } = comparison(node);
    f32[at] = threshold;
    u32[at + 1] = offset;
    u32[at + 2] = 16 * (turned ? trees.right[node] : trees.left[node]);
    u32[at + 3] = 16 * (turned ? trees.left[node] : trees.right[node]);
  }
  for (let t = 0; t < count; t += 4) {
    const at = (roots >> 2) + (5 * t) / 4;
    for (let k = 0; k < 4; k++) u32[at + k] = 16 * (t + k < real ? trees.roots[t + k] : idle);
    u32[at + 4] = Math.max(0, ...depths.slice(t, t + 4));
  }
  return { layout: "linked", depth, nodes, leaves: roots, real, count };
}

/** Splits on the longest path from `node`. */
function depthOf(trees: Trees, node: number): number {
  if (trees.column[node] < 0) return 0;
  return 1 + Math.max(depthOf(trees, trees.left[node]), depthOf(trees, trees.right[node]));
}
