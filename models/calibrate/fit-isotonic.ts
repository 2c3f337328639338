import { orderBy } from "../math/order-by.ts";
import type { Numbers } from "../model.ts";
import type { Calibration } from "./calibration.ts";

type Isotonic = Extract<Calibration, { kind: "isotonic" }>;

interface Block {
  /** Weighted mean margin. */
  at: number;
  positives: number;
  weight: number;
  rows: number;
}

/** A block of fewer rows says too little to be believed on its own. */
const FEWEST_ROWS = 25;

/**
 * Isotonic calibration: monotone steps by pool-adjacent-violators (Ayer et al. 1955), joined by straight lines
 * between the blocks' mean margins.
 *
 * Guards against few rows: blocks under 25 rows (or 2 % of the rows) are merged into the neighbour with the closer
 * rate, and every block is pulled towards the base rate by the weight of one row. So no probability is ever 0 or 1,
 * unless one class is absent. Answers one flat point when nothing can be told apart. Cost: O(n log n).
 */
export function fitIsotonic(margin: Numbers, label: Uint8Array, weight?: Float64Array): Isotonic {
  const order = orderBy(margin);
  const singles: Block[] = [];
  for (const i of order) {
    const w = weight ? weight[i] : 1;
    const top = singles.at(-1);
    if (top && top.at === margin[i]) {
      top.positives += w * label[i];
      top.weight += w;
      top.rows++;
    } else singles.push({ at: margin[i], positives: w * label[i], weight: w, rows: 1 });
  }
  const total = singles.reduce((sum, b) => sum + b.weight, 0);
  const base = singles.reduce((sum, b) => sum + b.positives, 0) / total;
  const unit = total / order.length;
  const probability = (b: Block) => (b.positives + base * unit) / (b.weight + unit);

  const fewest = Math.max(FEWEST_ROWS, 0.02 * order.length);
  const blocks = pool(
    withoutSmall(
      pool(singles, (b) => b.positives / b.weight),
      fewest,
    ),
    probability,
  );
  return { kind: "isotonic", at: blocks.map((b) => b.at), probability: blocks.map(probability) };
}

/** Pools neighbours until `value` rises strictly from block to block. */
function pool(blocks: readonly Block[], value: (block: Block) => number): Block[] {
  const stack: Block[] = [];
  for (const next of blocks) {
    let block = next;
    for (let top = stack.at(-1); top && value(top) >= value(block); top = stack.at(-1)) {
      block = join(top, block);
      stack.pop();
    }
    stack.push(block);
  }
  return stack;
}

function withoutSmall(blocks: readonly Block[], fewest: number): Block[] {
  const list = [...blocks];
  const rate = (b: Block | undefined) => (b ? b.positives / b.weight : Number.POSITIVE_INFINITY);
  while (list.length > 1) {
    let small = 0;
    for (let k = 1; k < list.length; k++) if (list[k].rows < list[small].rows) small = k;
    if (list[small].rows >= fewest) break;
    const own = rate(list[small]);
    const left = Math.abs(rate(list[small - 1]) - own) <= Math.abs(rate(list[small + 1]) - own) ? small - 1 : small;
    list.splice(left, 2, join(list[left], list[left + 1]));
  }
  return list;
}

function join(a: Block, b: Block): Block {
  const weight = a.weight + b.weight;
  return {
    at: (a.at * a.weight + b.at * b.weight) / weight,
    positives: a.positives + b.positives,
    weight,
    rows: a.rows + b.rows,
  };
}
