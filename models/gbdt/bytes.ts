import type { ModelState } from "../model.ts";
import type { Trees } from "./trees.ts";

/**
 * Trees ⇄ one blob: a header of six words (magic, format, trees, nodes, words of sets, level tables), then the arrays one
 * after the other, little-endian, each padded to four bytes, then for each category column its place, its number of levels and their bins.
 * The same trees always give the same bytes.
 */
const MAGIC = 0x54424750; // "PGBT"
export const FORMAT = 1;
const BLOB = "trees";

export function saveTrees(trees: Trees, columns: number): ModelState {
  const tables = [...trees.levelBins].sort(([a], [b]) => a - b);
  const header = Uint32Array.of(
    MAGIC,
    FORMAT,
    trees.roots.length - 1,
    trees.column.length,
    trees.sets.length,
    tables.length,
  );
  const parts: ArrayBufferView[] = [
    header,
    Float32Array.of(trees.base),
    trees.roots,
    trees.column,
    trees.value,
    trees.left,
    trees.right,
    trees.missingLeft,
    trees.cover,
    trees.gain,
    trees.set,
    trees.sets,
    ...tables.flatMap(([column, bins]) => [Uint32Array.of(column, bins.length), bins]),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + padded(part.byteLength), 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += padded(part.byteLength);
  }
  const meta = { format: FORMAT, columns, trees: trees.roots.length - 1, nodes: trees.column.length, base: trees.base };
  return { kind: "gbdt", meta, blobs: { [BLOB]: bytes } };
}

/** @throws TypeError for another kind, a newer format, other columns, a blob cut short, or nodes that lead nowhere. */
export function loadTrees(state: ModelState, columns: number): Trees {
  const blob = state.blobs?.[BLOB];
  if (state.kind !== "gbdt" || !blob) throw new TypeError(`wanted the state of a gbdt model, found "${state.kind}"`);
  const { meta } = state;
  const saved = typeof meta === "object" && meta !== null && "columns" in meta ? meta.columns : undefined;
  if (saved !== columns) throw new TypeError(`the trees were saved for ${saved} columns, found ${columns}`);
  const bytes = new Uint8Array(blob).buffer;
  let at = 0;
  const take = <A>(
    type: new (buffer: ArrayBuffer, at: number, length: number) => A,
    width: number,
    length: number,
  ): A => {
    if (at + width * length > bytes.byteLength)
      throw new TypeError(
        `the trees are cut short: wanted ${at + width * length} bytes at least, found ${bytes.byteLength}`,
      );
    const part = new type(bytes, at, length);
    at += padded(width * length);
    return part;
  };
  const [magic, format, count, nodes, words, tables] = take(Uint32Array, 4, 6);
  if (magic !== MAGIC) throw new TypeError("wanted trees, found bytes of something else");
  if (format !== FORMAT)
    throw new TypeError(
      `wanted trees of format ${FORMAT}, found ${format}; load them with the version that saved them`,
    );
  const trees: Trees = {
    base: take(Float32Array, 4, 1)[0],
    roots: take(Uint32Array, 4, count + 1),
    column: take(Int32Array, 4, nodes),
    value: take(Float32Array, 4, nodes),
    left: take(Uint32Array, 4, nodes),
    right: take(Uint32Array, 4, nodes),
    missingLeft: take(Uint8Array, 1, nodes),
    cover: take(Float32Array, 4, nodes),
    gain: take(Float32Array, 4, nodes),
    set: take(Int32Array, 4, nodes),
    sets: take(Uint32Array, 4, words),
    levelBins: new Map(
      Array.from({ length: tables }, () => {
        const [column, levels] = take(Uint32Array, 4, 2);
        return [column, take(Uint16Array, 2, levels)] as const;
      }),
    ),
  };
  if (at !== bytes.byteLength) throw new TypeError(`wanted ${at} bytes of trees, found ${bytes.byteLength}`);
  checkTrees(trees, columns);
  return Object.freeze(trees);
}

/** Every path must end in a leaf of its own tree: children stand behind their parent. */
export function checkTrees(trees: Trees, columns: number): void {
  const { roots, column, left, right, set, sets, levelBins } = trees;
  const bad = (node: number, what: string) => new TypeError(`the trees are damaged: node ${node} ${what}`);
  if (roots[0] !== 0 || roots[roots.length - 1] !== column.length)
    throw new TypeError("the trees are damaged: roots and nodes do not fit");
  for (let t = 0; t + 1 < roots.length; t++) {
    if (roots[t + 1] <= roots[t]) throw new TypeError(`the trees are damaged: tree ${t} has no nodes`);
    for (let node = roots[t]; node < roots[t + 1]; node++) {
      if (column[node] < 0) continue;
      if (column[node] >= columns) throw bad(node, `splits column ${column[node]} of ${columns}`);
      if (left[node] <= node || right[node] <= node || left[node] >= roots[t + 1] || right[node] >= roots[t + 1])
        throw bad(node, "leads out of its tree");
      if (set[node] < 0) continue;
      const bins = levelBins.get(column[node]);
      if (!bins) throw bad(node, "splits categories that are not listed");
      if (set[node] + setWords(bins) > sets.length) throw bad(node, "has a set of categories that is cut short");
    }
  }
}

/** Words of a set of bins of this column: bin 0 (missing) included. */
export const setWords = (levelBins: Uint16Array): number => {
  let most = 0;
  for (const bin of levelBins) most = Math.max(most, bin);
  return (most >> 5) + 1;
};

const padded = (bytes: number) => (bytes + 3) & ~3;
