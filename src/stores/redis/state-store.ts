import type { Redis } from "ioredis";
import { type EntityRef, entityKey } from "../../events/event.ts";
import { groupByPartition } from "../../events/partition-of.ts";
import type { StateStore, StoredState } from "../../features/state-store.ts";
import { readStored } from "../../features/stored-value.ts";
import { type CatalogueInForce, parseCatalogue, wantCatalogue } from "./catalogue.ts";
import { catalogueKey, parseStateKey, stateKey } from "./keys.ts";
import { onceAgreed } from "./partitions.ts";
import { redisFailure } from "./redis-failure.ts";
import { sendTogether } from "./servers.ts";
import { scanKeys } from "./state-keys.ts";

export interface RedisStateStoreOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** Digest of the catalogue that the reader reads with; states of another one are refused. */
  readonly digest: string;
}

/**
 * States as the worker left them in Redis. One MGET a partition, all at once: one round trip, and on a Cluster each
 * MGET stays on its slot. Each MGET also brings the partition's catalogue, so that a swap by replay
 * is noticed at once and never mixes two generations.
 *
 * Throws PortraitError REDIS_AWAY, or STATE_FROM_OTHER_CATALOGUE when the states want a replay.
 */
export function createRedisStateStore({ redis, partitions, digest }: RedisStateStoreOptions): StateStore {
  const agreed = onceAgreed(redis, partitions);
  /** What each partition had in force when it was last read: a guess that every read checks. */
  const inForce = new Map<number, CatalogueInForce>();
  const guess = (partition: number) => inForce.get(partition)?.generation ?? 1;

  async function readPartitions(byPartition: ReadonlyMap<number, readonly EntityRef[]>) {
    const asked = [...byPartition].map(([partition, entities]) => ({
      partition,
      entities,
      generation: guess(partition),
    }));
    const answers = await sendTogether(
      redis,
      asked.map(({ partition, entities, generation }) => [
        "mget",
        catalogueKey(partition),
        ...entities.map((entity) => stateKey(partition, generation, entity)),
      ]),
    );
    const found = new Map<string, StoredState>();
    const moved = new Map<number, readonly EntityRef[]>();
    asked.forEach(({ partition, entities, generation }, i) => {
      const [error, values] = answers[i] as [Error | null, (Buffer | null)[]];
      if (error) throw error;
      const [catalogue, ...states] = values;
      if (!catalogue) return; // no worker has begun this partition yet
      const now = parseCatalogue(catalogue.toString());
      wantCatalogue(now, digest);
      inForce.set(partition, now);
      if (now.generation !== generation) {
        moved.set(partition, entities);
        return;
      }
      entities.forEach((entity, j) => {
        const value = states[j];
        if (value) found.set(entityKey(entity), readStored(value));
      });
    });
    return { found, moved };
  }

  return {
    async read(entities) {
      if (entities.length === 0) return [];
      try {
        await agreed();
        let wanted: ReadonlyMap<number, readonly EntityRef[]> = groupByPartition(
          entities,
          (entity) => entity,
          partitions,
        );
        const all = new Map<string, StoredState>();
        while (wanted.size > 0) {
          const { found, moved } = await readPartitions(wanted);
          for (const [key, state] of found) all.set(key, state);
          wanted = moved;
        }
        return entities.map((entity) => all.get(entityKey(entity)));
      } catch (error) {
        throw redisFailure(error, "the states of entities");
      }
    },

    async *scan(kind) {
      try {
        await agreed();
        const generations = new Map<number, number>();
        for (let partition = 0; partition < partitions; partition++) {
          const text = await redis.get(catalogueKey(partition));
          if (!text) continue;
          const now = parseCatalogue(text);
          wantCatalogue(now, digest);
          generations.set(partition, now.generation);
        }
        const seen = new Set<string>(); // SCAN may name a key twice while Redis grows its table
        for await (const keys of scanKeys(redis, `s:{p*}:*:${escapeGlob(kind)}:*`)) {
          const wanted = keys.flatMap((key) => {
            const parsed = parseStateKey(key);
            if (!parsed || parsed.entity.kind !== kind || seen.has(key)) return [];
            seen.add(key);
            return generations.get(parsed.partition) === parsed.generation ? [{ key, ...parsed }] : [];
          });
          const page = await readKeys(redis, wanted);
          if (page.length > 0) yield page;
        }
      } catch (error) {
        throw redisFailure(error, "the states of entities");
      }
    },
  };
}

async function readKeys(
  redis: Redis,
  wanted: readonly { readonly key: string; readonly partition: number; readonly entity: EntityRef }[],
): Promise<(StoredState & { readonly entity: EntityRef })[]> {
  const byPartition = new Map<number, (typeof wanted)[number][]>();
  for (const one of wanted) byPartition.set(one.partition, [...(byPartition.get(one.partition) ?? []), one]);
  const answers = await sendTogether(
    redis,
    [...byPartition.values()].map((some) => ["mget", some[0].key, ...some.slice(1).map(({ key }) => key)]),
  );
  return [...byPartition.values()].flatMap((some, i) => {
    const [error, values] = answers[i] as [Error | null, (Buffer | null)[]];
    if (error) throw error;
    return some.flatMap(({ entity }, j) => {
      const value = values[j];
      return value ? [{ entity, ...readStored(value) }] : [];
    });
  });
}

const escapeGlob = (text: string): string => text.replace(/[\\*?[\]^-]/g, "\\$&");
