import type { Crew } from "./crew.ts";
import type { Feature } from "./features.ts";
import { BATCH, type Memory, PHASE, TASK_BYTES, TASK_GOES_LEFT, TASKS } from "./memory.ts";
import type { GbdtParams } from "./params.ts";
import { inSet, type TreesBuilder } from "./trees.ts";

/** Sums of quantised gradients and hessians: whole numbers, as the two halves of a histogram's 64 bits. */
export interface Total {
  readonly g: number;
  readonly h: number;
}

/** A node that is still open: its rows stand in `ranges`, its histogram in `slot`. */
interface Open {
  /** Its number within this tree, and its place in the forest. */
  readonly id: number;
  readonly node: number;
  readonly depth: number;
  readonly total: Total;
  readonly low: number;
  readonly high: number;
  slot: number;
  best: Split | undefined;
}

/** A split as the search found it. */
export interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: Total;
  /** The bins on the left when the feature is a category. */
  readonly set: Uint32Array | undefined;
}

/** A node of a finished tree by bins: a leaf's value, or a split with its children's places in the list. */
export interface GrownNode {
  left: number;
  right: number;
  value: number;
  split: Split | undefined;
}

export const goesLeft = ({ bin, missingLeft, set }: Split, value: number): boolean =>
  value === 0 ? missingLeft : set ? inSet(set, 0, value) : value <= bin;

/** Scales between whole quanta and numbers. */
export interface Quanta {
  readonly g: number;
  readonly h: number;
}

/**
 * Grows one tree on the gradients that stand in memory and adds its answers to the margins.
 *
 * The leader decides; rows and columns are the crew's. A level is one batch of splits (or one split, leaf-wise):
 * rows are parted, the smaller child of each is counted, the other is parent minus child, and both are searched.
 * Every sum is a whole number and every choice is by column order, so threads cannot change the tree.
 *
 * @returns the tree's nodes, the root first.
 */
export function growTree(
  memory: Memory,
  crew: Crew,
  features: readonly Feature[],
  params: GbdtParams,
  quanta: Quanta,
  builder: TreesBuilder,
): GrownNode[] {
  const { slots } = memory.shape;
  const { depth: maxDepth, l1, l2, shrinkage, minWeight, minGain } = params;
  const maxLeaves = params.leaves || Number.POSITIVE_INFINITY;
  const free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  const finals: Open[] = [];
  const grown: GrownNode[] = [];
  let leaves = 1;

  const hessianOf = (total: Total) => total.h / quanta.h;
  const weightOf = (total: Total, low: number, high: number) => {
    const g = total.g / quanta.g;
    const pulled = g > l1 ? g - l1 : g < -l1 ? g + l1 : 0;
    return Math.min(Math.max(-pulled / (hessianOf(total) + l2), low), high);
  };
  const answerOf = (node: Open) => Math.fround(weightOf(node.total, node.low, node.high) * shrinkage);
  const open = (depth: number, total: Total, low: number, high: number): Open => {
    const id = grown.push({ left: 0, right: 0, value: 0, split: undefined }) - 1;
    return { id, node: builder.leaf(0, hessianOf(total)), depth, total, low, high, slot: -1, best: undefined };
  };
  const worthSearching = (node: Open) => node.depth < maxDepth && hessianOf(node.total) >= 2 * minWeight;

  const tasks = createTasks(memory);
  const search = (pairs: readonly { small: Open; big?: Open }[]) => {
    pairs.forEach(({ small, big }, i) => {
      tasks.children(i, small, big);
    });
    memory.set("tasks", pairs.length);
    crew.lead(PHASE.histograms);
    crew.lead(PHASE.search);
    pairs.forEach(({ small, big }, i) => {
      small.best = tasks.best(2 * i, features, minGain);
      if (big) big.best = tasks.best(2 * i + 1, features, minGain);
    });
  };
  const takeSlot = () => {
    const slot = free.pop();
    if (slot === undefined) throw new Error(`gbdt: more than ${slots} histograms at once`);
    return slot;
  };
  /** What is over: its histogram is given back. */
  const close = (node: Open) => {
    if (node.slot >= 0) free.push(node.slot);
    finals.push(node);
  };

  const totals = memory.get("totals");
  const sums = Array.from({ length: memory.get("threads") }, (_, t) => readTotal(memory, totals + 8 * t));
  const all = sums.reduce((a, b) => ({ g: a.g + b.g, h: a.h + b.h }));
  const root = open(0, all, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  root.slot = takeSlot();
  search([{ small: root }]);

  /** Last splits of their branch: paid out without moving a row. */
  const lastSplits: { parent: Open; left: Open; right: Open }[] = [];
  let frontier = [root];
  while (frontier.length) {
    const ready = frontier.filter((node) => node.best);
    for (const node of frontier) if (!node.best) close(node);
    frontier = [];
    if (leaves >= maxLeaves) {
      for (const node of ready) close(node);
      break;
    }
    let chosen = ready;
    if (params.growth === "leaf" && ready.length > 1) {
      const most = ready.reduce((a, b) => ((b.best as Split).gain > (a.best as Split).gain ? b : a));
      chosen = [most];
      frontier = ready.filter((node) => node !== most);
    } else if (leaves + ready.length > maxLeaves) {
      const byGain = [...ready].sort((a, b) => (b.best as Split).gain - (a.best as Split).gain || a.id - b.id);
      chosen = byGain.slice(0, maxLeaves - leaves);
      for (const node of ready) if (!chosen.includes(node)) close(node);
    }

    for (let from = 0; from < chosen.length; from += BATCH) {
      const going: { parent: Open; left: Open; right: Open }[] = [];
      for (const parent of chosen.slice(from, from + BATCH)) {
        const best = parent.best as Split;
        const rest = { g: parent.total.g - best.left.g, h: parent.total.h - best.left.h };
        const { direction } = features[best.feature];
        let [leftHigh, rightLow, leftLow, rightHigh] = [parent.high, parent.low, parent.low, parent.high];
        if (direction !== 0) {
          const middle = (weightOf(best.left, parent.low, parent.high) + weightOf(rest, parent.low, parent.high)) / 2;
          if (direction > 0) [leftHigh, rightLow] = [middle, middle];
          else [leftLow, rightHigh] = [middle, middle];
        }
        const left = open(parent.depth + 1, best.left, leftLow, leftHigh);
        const right = open(parent.depth + 1, rest, rightLow, rightHigh);
        leaves++;
        Object.assign(grown[parent.id], { left: left.id, right: right.id, split: best });
        builder.split(parent.node, {
          column: features[best.feature].column,
          threshold: best.set ? 0 : thresholdOf(memory, best.feature, best.bin),
          left: left.node,
          right: right.node,
          missingLeft: best.missingLeft,
          gain: best.gain,
          set: best.set,
        });
        const family = { parent, left, right };
        if (!worthSearching(left) && !worthSearching(right)) {
          free.push(parent.slot);
          lastSplits.push(family);
        } else going.push(family);
      }
      if (!going.length) continue;
      going.forEach(({ parent, left, right }, i) => {
        tasks.split(i, parent, left.id, right.id);
      });
      memory.set("tasks", going.length);
      crew.lead(PHASE.part);
      const pairs = going.map(({ parent, left, right }) => {
        const [small, big] = rowsOf(memory, left.id) <= rowsOf(memory, right.id) ? [left, right] : [right, left];
        big.slot = parent.slot;
        small.slot = takeSlot();
        return { small, big };
      });
      search(pairs);
      for (const { left, right } of going)
        for (const child of [left, right])
          if (worthSearching(child)) frontier.push(child);
          else close(child);
    }
  }

  for (const node of [...finals, ...lastSplits.flatMap(({ left, right }) => [left, right])]) {
    grown[node.id].value = answerOf(node);
    builder.pay(node.node, answerOf(node));
  }
  const pays = [...finals.map((node) => ({ node })), ...lastSplits];
  for (let from = 0; from < pays.length; from += TASKS) {
    const some = pays.slice(from, from + TASKS);
    some.forEach((pay, i) => {
      if ("node" in pay) tasks.pay(i, pay.node.id, answerOf(pay.node));
      else tasks.paySplit(i, pay.parent, answerOf(pay.left), answerOf(pay.right));
    });
    memory.set("tasks", some.length);
    crew.lead(PHASE.pay);
  }
  builder.endTree();
  return grown;
}

/** Rows of a node, over all threads. */
function rowsOf(memory: Memory, id: number): number {
  const threads = memory.get("threads");
  const at = (memory.get("ranges") >> 2) + id * threads * 2;
  let count = 0;
  for (let t = 0; t < threads; t++) count += memory.i32[at + 2 * t + 1];
  return count;
}

/** A total as the kernels write it: hessian, then gradient. */
const readTotal = ({ i32 }: Memory, at: number): Total => ({ g: i32[(at >> 2) + 1], h: i32[at >> 2] >>> 0 });

/** "value < threshold" goes left; behind the last cut only NaN goes right. */
function thresholdOf(memory: Memory, feature: number, bin: number): number {
  const cut = memory.f32[(memory.get("cuts") >> 2) + feature * 256 + bin - 1];
  return Number.isNaN(cut) ? Number.POSITIVE_INFINITY : cut;
}

/** Writes and reads the task table (kernels/plan.ts: Task) and the search's answers (kernels/search.ts: Found). */
function createTasks(memory: Memory) {
  const { i32, f32, f64, bytes } = memory;
  const table = memory.get("taskTable");
  const found = memory.get("found");
  const columns = memory.shape.columns;
  const writeTotal = (at: number, { g, h }: Total) => {
    i32[at] = h;
    i32[at + 1] = g;
  };
  const goesLeft = (i: number, { feature, bin, missingLeft, set }: Split) => {
    const at = table + i * TASK_BYTES + TASK_GOES_LEFT;
    if (set) for (let b = 0; b < 256; b++) bytes[at + b] = (set[b >> 5] >>> (b & 31)) & 1;
    else bytes.fill(0, at, at + 256).fill(1, at + 1, at + bin + 1);
    bytes[at] = Number(missingLeft);
    i32[(table + i * TASK_BYTES + 12) >> 2] = feature;
  };
  return {
    split(i: number, parent: Open, left: number, right: number) {
      const at = (table + i * TASK_BYTES) >> 2;
      i32[at] = parent.id;
      i32[at + 1] = left;
      i32[at + 2] = right;
      goesLeft(i, parent.best as Split);
    },
    children(i: number, small: Open, big: Open | undefined) {
      const at = (table + i * TASK_BYTES) >> 2;
      i32[at + 4] = small.id;
      i32[at + 6] = small.slot;
      i32[at + 7] = big ? big.slot : -1;
      writeTotal(at + 8, small.total);
      f64[(at + 12) >> 1] = small.low;
      f64[(at + 14) >> 1] = small.high;
      if (!big) return;
      i32[at + 5] = big.id;
      writeTotal(at + 10, big.total);
      f64[(at + 16) >> 1] = big.low;
      f64[(at + 18) >> 1] = big.high;
    },
    pay(i: number, node: number, value: number) {
      const at = (table + i * TASK_BYTES) >> 2;
      i32[at] = node;
      i32[at + 3] = -1;
      f32[at + 20] = value;
    },
    paySplit(i: number, parent: Open, left: number, right: number) {
      const at = (table + i * TASK_BYTES) >> 2;
      goesLeft(i, parent.best as Split);
      i32[at] = parent.id;
      f32[at + 20] = left;
      f32[at + 21] = right;
    },
    /** The best column's split of one node; the first of equals. */
    best(side: number, features: readonly Feature[], minGain: number): Split | undefined {
      let gain = Math.max(minGain, 1e-6);
      let feature = -1;
      for (let f = 0; f < columns; f++) {
        const here = f64[(found + ((side * columns + f) << 6)) >> 3];
        if (here > gain) {
          gain = here;
          feature = f;
        }
      }
      if (feature < 0) return undefined;
      const at = found + ((side * columns + feature) << 6);
      return {
        gain,
        feature,
        left: readTotal(memory, at + 8),
        bin: i32[(at + 16) >> 2],
        missingLeft: i32[(at + 20) >> 2] === 1,
        set: features[feature].levelBins ? new Uint32Array(memory.memory.buffer.slice(at + 32, at + 64)) : undefined,
      };
    },
  };
}
