import type { Redis } from "ioredis";
import type { Config } from "../config.ts";
import { connectFailFast, whenReady } from "../stores/redis/connect.ts";
import { type OpenedRedis, openRedis } from "../stores/redis/open-redis.ts";
import { redisAway } from "../stores/redis/redis-failure.ts";

/** Finds Redis, or starts the private one of the var folder for the time of the work; closes what it opened. */
export async function withRedis<Answer>(
  config: Config,
  work: (redis: Redis, opened: OpenedRedis) => Promise<Answer>,
): Promise<Answer> {
  const opened = await openRedis(config);
  const redis = connectFailFast(opened.url);
  try {
    if (!(await whenReady(redis, 5_000))) throw redisAway("to open the log and the states");
    return await work(redis, opened);
  } finally {
    redis.disconnect();
    await opened.close();
  }
}
