import type { Redis } from "ioredis";
import type { AnsweredCalls } from "../../scoring/answered-calls.ts";
import { redisFailure } from "./redis-failure.ts";

/** Who got no answer asks again within seconds, or from a queue that somebody mends within a day. */
const KEPT_S = 86_400;
const keyOf = (call: string): string => `answered:${call}`;

/**
 * Calls that were answered, in Redis: some 150 bytes each, for a day.
 *
 * @param redis a fail-fast connection, not closed here
 */
export const createRedisAnsweredCalls = (redis: Redis): AnsweredCalls => ({
  async find(call) {
    try {
      return (await redis.get(keyOf(call))) ?? undefined;
    } catch (error) {
      throw redisFailure(error, "to look for an answer that was given before");
    }
  },
  async keep(call, receipt) {
    try {
      await redis.set(keyOf(call), receipt, "EX", KEPT_S, "NX");
    } catch (error) {
      throw redisFailure(error, "to keep which receipt answered a call");
    }
  },
});
