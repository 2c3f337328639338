import type { Redis } from "ioredis";
import type { EntityRef } from "../../events/event.ts";
import type { StoredValue } from "../../features/stored-value.ts";
import { idsKey, parseGeneration, parseStateKey, stateKey } from "./keys.ts";
import { serversOf } from "./servers.ts";

/** All keys that match, of every server, page by page; one may come twice while Redis grows its table. */
export async function* scanKeys(redis: Redis, match: string): AsyncGenerator<string[]> {
  for (const server of serversOf(redis)) {
    let cursor = "0";
    do {
      const [next, keys] = await server.scan(cursor, "MATCH", match, "COUNT", 1_000);
      cursor = next;
      yield keys;
    } while (cursor !== "0");
  }
}

/** Every stored state, page by page, of all generations. */
export async function* stateKeys(redis: Redis) {
  for await (const keys of scanKeys(redis, "s:{p*}:*"))
    yield keys.flatMap((key) => {
      const parsed = parseStateKey(key);
      return parsed ? [{ key, ...parsed }] : [];
    });
}

/** Deletes the states, and the known ids beside them, of the generations that `keep` does not want. */
export async function sweepGenerations(
  redis: Redis,
  keep: (partition: number, generation: number) => boolean,
): Promise<void> {
  for (const match of ["s:{p*}:*", "i:{p*}:*"])
    for await (const keys of scanKeys(redis, match)) {
      const unwanted = keys.filter((key) => {
        const parsed = parseGeneration(key);
        return parsed && !keep(parsed.partition, parsed.generation);
      });
      await Promise.all(unwanted.map((key) => redis.unlink(key)));
    }
}

/** A value that was made of an entity, and where it belongs. */
export interface PlacedValue extends StoredValue {
  readonly entity: EntityRef;
  readonly partition: number;
}

/** Writes values whole, with the known ids beside them, over what may be there. */
export async function writeValues(redis: Redis, generation: number, values: readonly PlacedValue[]): Promise<void> {
  await Promise.all(
    values.flatMap(({ entity, partition, bytes, sealed }) => [
      redis.set(stateKey(partition, generation, entity), bytes),
      ...[...(sealed?.write ?? [])].flatMap(([day, buckets]) => {
        const key = idsKey(partition, generation, day, entity);
        return [redis.del(key), redis.hset(key, new Map([...buckets].map(([bucket, ids]) => [String(bucket), ids])))];
      }),
    ]),
  );
}

/** Whether the known ids beside a value are what they should be. */
export async function sameSealed(redis: Redis, generation: number, value: PlacedValue): Promise<boolean> {
  for (const [day, buckets] of value.sealed?.write ?? []) {
    const found = await redis.hgetallBuffer(idsKey(value.partition, generation, day, value.entity));
    if (Object.keys(found).length !== buckets.size) return false;
    for (const [bucket, ids] of buckets) if (!found[bucket]?.equals(ids)) return false;
  }
  return true;
}
