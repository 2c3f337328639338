import { inSet, type Trees, treeCount } from "../../../../models/gbdt/trees.ts";

/** Whether a row goes left at a split, as the words say it. */
export function goesLeft(trees: Trees, node: number, row: Float64Array): boolean {
  const column = trees.column[node];
  const levels = trees.levelBins.get(column);
  if (levels) {
    const bin = levels[row[column]] ?? 0;
    return bin === 0 ? trees.missingLeft[node] === 1 : inSet(trees.sets, trees.set[node], bin);
  }
  if (Number.isNaN(row[column])) return trees.missingLeft[node] === 1;
  return Math.fround(Math.min(row[column], 3.4028234663852886e38)) < trees.value[node];
}

/** The margin of a row, a node at a time. */
export function marginOf(trees: Trees, row: Float64Array): number {
  let sum = trees.base;
  for (let t = 0; t < treeCount(trees); t++) {
    let node = trees.roots[t];
    while (trees.column[node] >= 0) node = goesLeft(trees, node, row) ? trees.left[node] : trees.right[node];
    sum = Math.fround(sum + trees.value[node]);
  }
  return sum;
}

/** What the forest says when only the columns in `known` are known: unknown splits are weighed by the rows that passed them. */
function expected(trees: Trees, node: number, row: Float64Array, known: ReadonlySet<number>): number {
  if (trees.column[node] < 0) return trees.value[node];
  const [left, right] = [trees.left[node], trees.right[node]];
  if (known.has(trees.column[node])) return expected(trees, goesLeft(trees, node, row) ? left : right, row, known);
  const all = trees.cover[left] + trees.cover[right];
  return (
    (trees.cover[left] / all) * expected(trees, left, row, known) +
    (trees.cover[right] / all) * expected(trees, right, row, known)
  );
}

/** Shapley values by their definition: every set of the other columns. Cost: 2^columns walks. */
export function shapleyByDefinition(trees: Trees, row: Float64Array): number[] {
  const columns = row.length;
  const value = Array.from({ length: 2 ** columns }, (_, mask) => {
    const known = new Set([...row.keys()].filter((j) => (mask >> j) & 1));
    let sum = 0;
    for (let t = 0; t < treeCount(trees); t++) sum += expected(trees, trees.roots[t], row, known);
    return sum;
  });
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return [...row.keys()].map((j) => {
    let sum = 0;
    for (let mask = 0; mask < value.length; mask++) {
      if ((mask >> j) & 1) continue;
      const size = [...row.keys()].filter((k) => (mask >> k) & 1).length;
      const share = (factorial(size) * factorial(columns - size - 1)) / factorial(columns);
      sum += share * (value[mask | (1 << j)] - value[mask]);
    }
    return sum;
  });
}
