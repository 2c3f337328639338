/**
 * A forest as flat arrays: what is trained, scored, explained, saved and exchanged with XGBoost.
 *
 * Tree `t` is the nodes from `roots[t]` up to `roots[t + 1]`, its root first. A split sends a number left when
 * `value < threshold`, a category when its bin's bit is set, NaN when `missingLeft`. Everything is a 32-bit float,
 * so that sums in tree order are the same bits everywhere.
 */
export interface Trees {
  /** Where every sum starts, on the log-odds scale. */
  readonly base: number;
  /** One more than there are trees. */
  readonly roots: Uint32Array;
  /** The column that splits a node; −1 for a leaf. */
  readonly column: Int32Array;
  /** A split's threshold, a leaf's value. */
  readonly value: Float32Array;
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  readonly missingLeft: Uint8Array;
  /** Sum of hessians of the training rows that came by: the weights of exact reasons. */
  readonly cover: Float32Array;
  /** What the split took off the objective, doubled; 0 for a leaf. */
  readonly gain: Float32Array;
  /** First word in `sets` of the bins that go left; −1 unless a category splits. */
  readonly set: Int32Array;
  readonly sets: Uint32Array;
  /** For each category column, the bin of each level; 0 is as good as missing. */
  readonly levelBins: ReadonlyMap<number, Uint16Array>;
}

/** Whether bin `bin` goes left by the set that starts at word `set`. */
export const inSet = (sets: Uint32Array, set: number, bin: number): boolean =>
  ((sets[set + (bin >> 5)] >>> (bin & 31)) & 1) === 1;

export const treeCount = (trees: Trees): number => trees.roots.length - 1;

/** A forest being built; arrays grow as needed. */
export interface TreesBuilder {
  /** Adds a node of the current tree and answers its place. */
  leaf(value: number, cover: number): number;
  split(node: number, split: NewSplit): void;
  pay(node: number, value: number): void;
  endTree(): void;
  /** The first `count` trees. */
  build(count: number, base: number, levelBins: ReadonlyMap<number, Uint16Array>): Trees;
}

export interface NewSplit {
  readonly column: number;
  readonly threshold: number;
  readonly left: number;
  readonly right: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly set?: Uint32Array;
}

export function createTreesBuilder(): TreesBuilder {
  const roots = [0];
  const column: number[] = [];
  const value: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const missingLeft: number[] = [];
  const cover: number[] = [];
  const gain: number[] = [];
  const set: number[] = [];
  const sets: number[] = [];
  const setsBefore = [0];
  return {
    leaf(leafValue, leafCover) {
      const node = column.length;
      column.push(-1);
      value.push(leafValue);
      left.push(node);
      right.push(node);
      missingLeft.push(0);
      cover.push(leafCover);
      gain.push(0);
      set.push(-1);
      return node;
    },
    split(node, s) {
      column[node] = s.column;
      value[node] = s.threshold;
      left[node] = s.left;
      right[node] = s.right;
      missingLeft[node] = Number(s.missingLeft);
      gain[node] = s.gain;
      if (s.set) {
        set[node] = sets.length;
        sets.push(...s.set);
      }
    },
    pay(node, leafValue) {
      value[node] = leafValue;
    },
    endTree() {
      roots.push(column.length);
      setsBefore.push(sets.length);
    },
    build(count, base, levelBins) {
      const nodes = roots[count];
      return Object.freeze({
        base: Math.fround(base),
        roots: Uint32Array.from(roots.slice(0, count + 1)),
        column: Int32Array.from(column.slice(0, nodes)),
        value: Float32Array.from(value.slice(0, nodes)),
        left: Uint32Array.from(left.slice(0, nodes)),
        right: Uint32Array.from(right.slice(0, nodes)),
        missingLeft: Uint8Array.from(missingLeft.slice(0, nodes)),
        cover: Float32Array.from(cover.slice(0, nodes)),
        gain: Float32Array.from(gain.slice(0, nodes)),
        set: Int32Array.from(set.slice(0, nodes)),
        sets: Uint32Array.from(sets.slice(0, setsBefore[count])),
        levelBins,
      });
    },
  };
}
