import type { Redis } from "ioredis";
import { partitionOf } from "../../events/partition-of.ts";
import { type EntryId, parseEntry } from "../entry-id.ts";
import { type Erasure, packErasure } from "./erasure-entry.ts";
import { logKey } from "./keys.ts";

/**
 * Puts an erasure into the log: the entity's own partition forgets it, and all others are written to the lake up to
 * the same moment.
 *
 * @returns by partition where it stands
 */
export async function appendErasure(
  redis: Redis,
  partitions: number,
  { id, entity }: Required<Erasure>,
): Promise<EntryId[]> {
  const own = partitionOf(entity, partitions);
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const bytes = packErasure(partition === own ? { id, entity } : { id });
      const entry = parseEntry((await redis.xadd(logKey(partition), "*", "b", bytes)) ?? "");
      if (!entry) throw new Error("XADD answers with the id of its entry");
      return entry;
    }),
  );
}
