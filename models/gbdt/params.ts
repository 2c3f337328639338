/** How boosted trees are grown. Every number has a meaning of its own; docs/gbdt.md explains them with their maths. */
export interface GbdtParams {
  /**
   * Trees at most; with rows for choosing as many of them as made their log loss best.
   * 0: up to 1,000 with rows for choosing, 100 without.
   */
  readonly rounds: number;
  /** Rounds without a better log loss on the rows for choosing after which training stops; 0 never stops. */
  readonly patience: number;
  /** Share of each tree's answer that is taken, in (0, 1]. */
  readonly shrinkage: number;
  /** "depth" splits level by level; "leaf" always splits the leaf that gains most. */
  readonly growth: "depth" | "leaf";
  /** Splits on a path at most, 1 … 15. */
  readonly depth: number;
  /** Leaves of a tree at most; 0 leaves it to `depth`. */
  readonly leaves: number;
  /** Bins of a column at most, missing included, 3 … 256. */
  readonly bins: number;
  /** Pull of leaf values towards zero: by square, by amount. */
  readonly l2: number;
  readonly l1: number;
  /** Least sum of hessians (p (1 − p) times the row's weight) in a leaf, above 0. */
  readonly minWeight: number;
  /** Least gain of a split. */
  readonly minGain: number;
  /** Share of rows, and of columns, drawn for each tree, in (0, 1]. */
  readonly rowShare: number;
  readonly columnShare: number;
  /** Added to `l2` when categories are grouped. */
  readonly categoryL2: number;
  /** Hessian that is added to each category before categories are put in order. */
  readonly categorySmooth: number;
  /** Categories with less hessian than this in a node go where missing values go. */
  readonly categoryMinWeight: number;
  /** By column name: 1 when more must never lower the score, −1 when it must never raise it. */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
  /**
   * With rows for choosing, and a table of at most a million cells: variants of these parameters that are fitted one after the
   * other; the one of least log loss on the choosing rows is taken. Larger tables are fitted once, as they are.
   */
  readonly tries: readonly GbdtTry[];
  /** Threads to train with, at most; 0: as the machine has, up to 8. The model is the same for any number. */
  readonly threads: number;
}

/** What may differ from try to try. */
export type GbdtTry = Partial<
  Pick<GbdtParams, "depth" | "growth" | "leaves" | "shrinkage" | "l2" | "l1" | "minWeight" | "rowShare" | "columnShare">
>;

/** Small tables are learned slowly, and each tree from a part of them. */
const gentle: GbdtTry = { shrinkage: 0.05, rowShare: 0.7, columnShare: 0.5 };

export const defaults: GbdtParams = Object.freeze({
  rounds: 0,
  patience: 50,
  shrinkage: 0.1,
  growth: "depth",
  depth: 6,
  leaves: 0,
  bins: 256,
  l2: 1,
  l1: 0,
  minWeight: 1,
  minGain: 0,
  rowShare: 1,
  columnShare: 1,
  categoryL2: 10,
  categorySmooth: 20,
  categoryMinWeight: 1,
  monotone: Object.freeze({}),
  tries: Object.freeze([
    { ...gentle, depth: 4 },
    { ...gentle, depth: 6 },
  ]),
  threads: 0,
});

type Bound = readonly [least: number, most: number, whole: boolean, least_allowed: boolean];

const BOUNDS: Readonly<Partial<Record<keyof GbdtParams, Bound>>> = {
  rounds: [0, 100_000, true, true],
  patience: [0, 100_000, true, true],
  shrinkage: [0, 1, false, false],
  depth: [1, 15, true, true],
  leaves: [0, 32_768, true, true],
  bins: [3, 256, true, true],
  l2: [0, Number.MAX_VALUE, false, true],
  l1: [0, Number.MAX_VALUE, false, true],
  minWeight: [0, Number.MAX_VALUE, false, false],
  minGain: [0, Number.MAX_VALUE, false, true],
  rowShare: [0, 1, false, false],
  columnShare: [0, 1, false, false],
  categoryL2: [0, Number.MAX_VALUE, false, true],
  categorySmooth: [0, Number.MAX_VALUE, false, true],
  categoryMinWeight: [0, Number.MAX_VALUE, false, true],
  threads: [0, 64, true, true],
};

/** The parameters, with defaults for what is not said. Throws a RangeError that names the first one out of bounds. */
export function readParams(given: Partial<GbdtParams>): GbdtParams {
  const params = { ...defaults, ...given };
  for (const [name, [least, most, whole, allowed]] of Object.entries(BOUNDS) as [keyof GbdtParams, Bound][]) {
    const value = params[name] as number;
    const fits = (allowed ? value >= least : value > least) && value <= most && (!whole || Number.isInteger(value));
    if (!fits)
      throw new RangeError(
        `gbdt: ${name} must be ${whole ? "a whole number" : "a number"} ${allowed ? "from" : "above"} ${least} to ${most}, found ${value}`,
      );
  }
  if (params.growth !== "depth" && params.growth !== "leaf")
    throw new RangeError(`gbdt: growth must be "depth" or "leaf", found "${params.growth}"`);
  for (const [column, direction] of Object.entries(params.monotone))
    if (direction !== 1 && direction !== -1)
      throw new RangeError(`gbdt: monotone.${column} must be 1 or -1, found ${direction}`);
  return params;
}
