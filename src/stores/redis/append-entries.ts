import type { Redis } from "ioredis";
import { logKey } from "./keys.ts";
import { isCluster, sendTogether } from "./servers.ts";

export type NewEntry = readonly [partition: number, bytes: Buffer];

/**
 * Appends entries to the logs of their partitions; resolves when all of them are there: with `appendfsync always`, on
 * disk.
 *
 * One server takes them as a transaction, whole or not at all. That is for the disk's sake: a turn of Redis's loop reads
 * some 32 KB of a connection, and ends with an fsync when anything was written in it. Commands that came one after the
 * other would be synced as they are read; those of a transaction wait for its end, and are synced once.
 *
 * A Cluster takes no transaction over several slots. There each node gets its own as a pipeline, and what went astray is
 * sent again: so an entry may be there twice, and an error may leave some that are there and some that are not.
 *
 * @throws Error what Redis said to the first that it refused
 */
export async function appendEntries(redis: Redis, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length > 1 && !hasSlots(redis)) {
    try {
      return await transact(redis, entries);
    } catch (error) {
      if (!(error instanceof Error && /^CROSSSLOT/.test(error.message))) throw error;
      aloneInCluster.add(redis); // it has done nothing
    }
  }
  const commands = entries.map(([partition, bytes]) => ["xadd", logKey(partition), "*", "b", bytes] as const);
  for (const [error] of await sendTogether(redis, commands)) if (error) throw error;
}

/** Connections to one server that is a Cluster by itself, or stands before one: only its answer tells. */
const aloneInCluster = new WeakSet<Redis>();

const hasSlots = (redis: Redis): boolean => isCluster(redis) || aloneInCluster.has(redis);

async function transact(redis: Redis, entries: readonly NewEntry[]): Promise<void> {
  const transaction = redis.multi();
  for (const [partition, bytes] of entries) transaction.xadd(logKey(partition), "*", "b", bytes);
  const answers = await transaction.exec().catch((error) => {
    throw reasonOf(error);
  });
  for (const [error] of answers ?? []) if (error) throw error;
}

/** A transaction that was given up says only that; the command that it was given up for says why. */
function reasonOf(error: Error & { readonly previousErrors?: readonly Error[] }): Error {
  return error.previousErrors?.[0] ?? error;
}
