import type { Redis } from "ioredis";
import { type EntityRef, entityKey } from "../../events/event.ts";
import { partitionOf } from "../../events/partition-of.ts";
import type { KeptScore, KeptScores } from "../../portraits/kept-scores.ts";
import { redisFailure } from "./redis-failure.ts";
import { type KeyedCommand, sendTogether } from "./servers.ts";

/** Whom no population run has scored for so long has no kept scores any more. */
const KEPT_S = 90 * 86_400;

/** A hash by model, in the slot of the entity's state: `[probability, percentile, band, version, at]` as JSON. */
export const keptScoresKey = (partition: number, entity: EntityRef): string =>
  `scores:{p${partition}}:${entityKey(entity)}`;

/**
 * Kept scores in Redis: some 150 bytes an entity and model.
 *
 * @param redis a fail-fast connection, not closed here
 */
export function createRedisKeptScores({
  redis,
  partitions,
}: {
  readonly redis: Redis;
  readonly partitions: number;
}): KeptScores {
  const keyOf = (entity: EntityRef) => keptScoresKey(partitionOf(entity, partitions), entity);
  return {
    async write(model, scores) {
      const commands = scores.flatMap(({ entity, score }): KeyedCommand[] => {
        const key = keyOf(entity);
        return [
          ["hset", key, model, textOf(score)],
          ["expire", key, KEPT_S],
        ];
      });
      try {
        for (const [error] of await sendTogether(redis, commands)) if (error) throw error;
      } catch (error) {
        throw redisFailure(error, "to keep the scores of a population");
      }
    },
    async read(entity) {
      const found = await redis.hgetall(keyOf(entity)).catch((error) => {
        throw redisFailure(error, "the kept scores of an entity");
      });
      return Object.fromEntries(Object.entries(found).map(([model, text]) => [model, parse(text)]));
    },
    async forget(entity) {
      try {
        const count = await redis.hlen(keyOf(entity));
        await redis.unlink(keyOf(entity));
        return count;
      } catch (error) {
        throw redisFailure(error, "to forget the kept scores of an entity");
      }
    },
  };
}

const textOf = ({ probability, percentile = null, band, version, at }: KeptScore | NullPercentile): string =>
  JSON.stringify([probability, percentile, band, version, at]);

type NullPercentile = Omit<KeptScore, "percentile"> & { readonly percentile: null };

function parse(text: string): KeptScore {
  const [probability, percentile, band, version, at] = JSON.parse(text) as [
    number,
    number | null,
    string,
    string,
    number,
  ];
  return { probability, ...(percentile !== null && { percentile }), band, version, at };
}
