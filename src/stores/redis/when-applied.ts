import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { compareEntries, type EntryId, NO_ENTRY, parseEntry } from "../entry-id.ts";
import { cursorKey, KEYS, lakedKey, leaseKey, logKey } from "./keys.ts";
import { WORKERS } from "./lua.ts";

/** Whether somebody applies the log at this moment, or has it alone to rebuild the states. */
export const workerIsThere = async (redis: Redis): Promise<boolean> =>
  Number(await redis.eval(WORKERS, 1, KEYS.workers)) > 0 || (await redis.exists(leaseKey(0))) === 1;

/**
 * Waits until workers elsewhere have applied all that is in the log now, and what that brings to second entities in
 * other partitions; then for the lake, `lakeMs` at most: entries that hold nothing but duplicates have nothing to
 * write there.
 *
 * @returns false when nobody applies the log
 */
export async function whenApplied(redis: Redis, partitions: number, lakeMs: number): Promise<boolean> {
  const reached = async (targets: readonly EntryId[], keyOf: (partition: number) => string): Promise<boolean> => {
    const places = await Promise.all(targets.map((_, partition) => redis.get(keyOf(partition))));
    return places.every((text, i) => compareEntries(parseEntry(text ?? "") ?? NO_ENTRY, targets[i]) >= 0);
  };
  const applied = async (targets: readonly EntryId[]): Promise<boolean> => {
    for (let alone = 0; !(await reached(targets, cursorKey)); ) {
      alone = (await workerIsThere(redis)) ? 0 : alone + 1;
      if (alone > 10) return false;
      await sleep(50);
    }
    return true;
  };
  const events = await lastEntries(redis, partitions);
  if (!(await applied(events))) return false;
  // events are forwarded before they are committed, so by now all forwards of theirs are in the log
  if (!(await applied(await lastEntries(redis, partitions)))) return false;
  const until = performance.now() + lakeMs;
  while (performance.now() < until && !(await reached(events, lakedKey))) await sleep(50);
  return true;
}

function lastEntries(redis: Redis, partitions: number): Promise<EntryId[]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const [newest] = await redis.xrevrange(logKey(partition), "+", "-", "COUNT", 1);
      return (newest && parseEntry(newest[0])) ?? NO_ENTRY;
    }),
  );
}
