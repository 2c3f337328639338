import type { Redis } from "ioredis";
import type { Measures } from "../../http/metrics.ts";
import { cursorKey, logKey } from "./keys.ts";
import { redisFailure } from "./redis-failure.ts";
import { retrainKeys } from "./retrain-keys.ts";

/** What `portrait check` has counted so far. */
export const CHECK_KEY = "check:counts";

/**
 * How long ago the oldest event was taken that is not in the states yet, ms; -1 when all are. Only its id leaves Redis:
 * entries are large. KEYS: log, cursor.
 */
const BEHIND = `
local first = redis.call('XRANGE', KEYS[1], '(' .. (redis.call('GET', KEYS[2]) or '0-0'), '+', 'COUNT', 1)[1]
if not first then return -1 end
local time = redis.call('TIME')
return math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(first[1], '^%d+')))`;

/** Reads what the operators watch: some round trips, once each time that Prometheus asks. @throws PortraitError REDIS_AWAY */
export function createRedisMeasures(redis: Redis, partitions: number): () => Promise<Measures> {
  const { prefix, queue } = retrainKeys();
  const job = (state: string) => `${prefix}:${queue}:${state}`;
  return async () => {
    try {
      const behind = await Promise.all(
        Array.from({ length: partitions }, (_, p) => redis.eval(BEHIND, 2, logKey(p), cursorKey(p)) as Promise<number>),
      );
      const [waiting, active, delayed, failed, check] = await Promise.all([
        redis.llen(job("wait")),
        redis.llen(job("active")),
        redis.zcard(job("delayed")),
        redis.zcard(job("failed")),
        redis.hgetall(CHECK_KEY),
      ]);
      return {
        behindMs: Math.max(0, ...behind),
        jobs: { waiting, active, delayed, failed },
        check: { scores: Number(check.scores ?? 0), mismatched: Number(check.mismatched ?? 0) },
      };
    } catch (error) {
      throw redisFailure(error, "to measure the log and the queue");
    }
  };
}

/** Adds what a check found to what all have found. */
export async function countCheck(
  redis: Redis,
  found: { readonly scores: number; readonly mismatched: number },
): Promise<void> {
  try {
    await redis
      .multi()
      .hincrby(CHECK_KEY, "scores", found.scores)
      .hincrby(CHECK_KEY, "mismatched", found.mismatched)
      .exec();
  } catch (error) {
    throw redisFailure(error, "to keep what the check found");
  }
}
