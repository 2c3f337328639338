import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { KEYS } from "./keys.ts";

/**
 * The number of partitions is set by the first who asks and never changes: with another number the same entity
 * would be looked for elsewhere.
 *
 * @throws PortraitError CONFIG_INVALID
 */
export async function agreeOnPartitions(redis: Redis, partitions: number): Promise<void> {
  // looked for first: a Redis that is full refuses to set it, also where it stands already
  if ((await redis.exists(KEYS.partitions)) === 0) await redis.setnx(KEYS.partitions, String(partitions));
  const found = Number(await redis.get(KEYS.partitions));
  if (found === partitions) return;
  throw new PortraitError(
    "CONFIG_INVALID",
    `This Redis holds a log of ${found} partitions, PORTRAIT_PARTITIONS says ${partitions}. ` +
      `Set PORTRAIT_PARTITIONS=${found}; the number cannot change once there are events.`,
    { wanted: partitions, found },
  );
}

/** Asks once, remembers the answer, and asks again after a failure. */
export function onceAgreed(redis: Redis, partitions: number): () => Promise<void> {
  let agreed: Promise<void> | undefined;
  return () => {
    agreed ??= agreeOnPartitions(redis, partitions).catch((error) => {
      agreed = undefined;
      throw error;
    });
    return agreed;
  };
}
