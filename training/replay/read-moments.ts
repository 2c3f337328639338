import type { Moments, Reducer, SeenEvent, State, Stretch } from "../../src/features/feature.ts";
import { followByTurns } from "../../src/features/follow-by-turns.ts";
import { BLOCK } from "./block-columns.ts";
import type { ReadingsInTurn } from "./readings.ts";

/** Where readings go: rows of the block from the `filled`-th on. */
export type Into = Pick<ReadingsInTurn, "block" | "filled">;

/**
 * Answers a function that reads one entity after the other from its first event on, at all its moments. It calls `taken`
 * whenever readings of a stretch of the moments stand in the block, which must then make room for more.
 */
export function createMomentReader(reducer: Reducer) {
  // one state is alive at a time: the next entity's is that of the last one, emptied
  let state: State | undefined;
  return (events: readonly SeenEvent[], moments: Moments, into: Into, taken: (stretch: Stretch) => void): void => {
    const { count, before } = moments;
    if (count === 0) return;
    state = reducer.empty(state);
    let written = 0;
    for (let from = 0; from < count; ) {
      const { block, filled } = into;
      const until = Math.min(count, from + BLOCK - filled);
      const stretch = { events, written, moments, from, until };
      if (reducer.follow) reducer.follow(state, stretch, block, filled);
      else followByTurns(reducer, state, stretch, block, filled);
      taken(stretch);
      written = before[until - 1];
      from = until;
    }
  };
}
