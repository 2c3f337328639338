import type { Part } from "./parts.ts";

/** A part with the number of its rows. */
export interface SizedPart extends Part {
  readonly rows: number;
}

export interface CompactionPlan {
  /** None larger is made of several parts. */
  readonly targetRows: number;
  /** Fewer parts than this are not worth a merge. */
  readonly minParts: number;
  /** Whatever fits together is merged, at any cost. */
  readonly whole?: boolean;
}

/**
 * Which parts of a chain to merge: runs of neighbours of one partition, from its beginning, each as long as fits into
 * a part. A run that one large part outweighs is split at it: else that part would be written again whenever a few
 * small ones have come. So parts double in size as they age: of n rows there are about log₂ n parts, and a row is
 * written again as often at most.
 *
 * @param chain of one partition, in order
 */
export function planCompaction(
  chain: readonly SizedPart[],
  { targetRows, minParts, whole = false }: CompactionPlan,
): SizedPart[][] {
  const runs: SizedPart[][] = [];
  let run: SizedPart[] = [];
  let rows = 0;
  for (const part of chain) {
    if (run.length > 0 && rows + part.rows > targetRows) {
      runs.push(run);
      run = [];
      rows = 0;
    }
    run.push(part);
    rows += part.rows;
  }
  runs.push(run);
  return whole ? runs.filter(({ length }) => length > 1) : runs.flatMap((one) => withoutHeavy(one, minParts));
}

/** The runs within a run in which no part outweighs all the others together. */
function withoutHeavy(run: readonly SizedPart[], minParts: number): SizedPart[][] {
  if (run.length < minParts) return [];
  let heaviest = 0;
  let total = 0;
  run.forEach(({ rows }, i) => {
    total += rows;
    if (rows > run[heaviest].rows) heaviest = i;
  });
  if (run[heaviest].rows * 2 <= total || total === 0) return [[...run]];
  return [...withoutHeavy(run.slice(0, heaviest), minParts), ...withoutHeavy(run.slice(heaviest + 1), minParts)];
}
