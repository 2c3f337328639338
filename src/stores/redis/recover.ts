import type { Redis } from "ioredis";
import type { Lake } from "../../events/event-log.ts";
import { cataloguesInForce } from "./generations.ts";
import { cursorKey } from "./keys.ts";
import { type ReplayOptions, type ReplaySummary, replayStates } from "./replay-states.ts";

/**
 * Whether Redis knows nothing of a log that the lake holds: it was lost whole, or is a new one. Then the states can be
 * rebuilt without asking: there is nothing in it that could be spoilt. A Redis that knows something else than the
 * lake (an old copy, another lake) is not touched.
 */
export async function isLost(redis: Redis, lake: Pick<Lake, "end">, partitions: number): Promise<boolean> {
  if ((await cataloguesInForce(redis, partitions)).some((one) => one !== undefined)) return false;
  for (let partition = 0; partition < partitions; partition++)
    if ((await redis.exists(cursorKey(partition))) === 1) return false;
  return (await lake.end()).size > 0;
}

/**
 * Rebuilds the states when Redis has lost them all. Of several workers that find this out one does it; the others are
 * told TOO_BUSY, and find it done when they come again.
 *
 * @returns undefined when there was nothing to recover
 */
export async function recoverIfLost(options: ReplayOptions): Promise<ReplaySummary | undefined> {
  if (!(await isLost(options.redis, options.lake, options.partitions))) return undefined;
  return replayStates({ ...options, onlyIf: () => isLost(options.redis, options.lake, options.partitions) });
}
