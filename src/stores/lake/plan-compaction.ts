import type { Part } from "./parts.ts";

/** A part with the number of its rows. */
export interface SizedPart extends Part {
  readonly rows: number;
}

export interface CompactionPlan {
  /** Parts with so many rows are left as they are, and none larger is made of several. */
  readonly targetRows: number;
  /** Fewer parts than this are not worth a merge. */
  readonly minParts: number;
}

/**
 * Which parts of a chain to merge: runs of neighbours of one partition and day. A run that one large part outweighs is
 * split at it: else that part would be written again whenever a few small ones have come. So a row is written again
 * a logarithmic number of times only.
 *
 * @param chain of one partition, in order
 */
export function planCompaction(
  chain: readonly SizedPart[],
  { targetRows, minParts }: CompactionPlan,
  dayOf: (part: SizedPart) => string,
): SizedPart[][] {
  const runs: SizedPart[][] = [];
  let run: SizedPart[] = [];
  let rows = 0;
  const close = () => {
    runs.push(run);
    run = [];
    rows = 0;
  };
  for (const part of chain) {
    const fits = run.length > 0 && dayOf(run[0]) === dayOf(part) && rows + part.rows <= targetRows;
    if (run.length > 0 && !fits) close();
    run.push(part);
    rows += part.rows;
  }
  if (run.length > 0) close();
  return runs.flatMap((one) => withoutHeavy(one, minParts));
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
