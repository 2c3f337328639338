import { type EntityRef, entityKey } from "./event.ts";
import { SipHash } from "./siphash.ts";

const spread = new SipHash(new Uint8Array(16)); // a fixed key: every process, for ever, must agree

/**
 * The partition that an entity's events go to, by the id as sent: never by a resolved identity, because an
 * alias between two attempts would move the retry out of sight of the first.
 */
export function partitionOf(entity: EntityRef, partitions: number): number {
  spread.hash(entityKey(entity));
  return spread.low % partitions;
}

/** Things by the partition of their entity, in their order. */
export function groupByPartition<T>(
  things: readonly T[],
  entityOf: (thing: T) => EntityRef,
  partitions: number,
): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const thing of things) {
    const partition = partitionOf(entityOf(thing), partitions);
    const group = groups.get(partition);
    if (group) group.push(thing);
    else groups.set(partition, [thing]);
  }
  return groups;
}
