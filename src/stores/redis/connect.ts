import { Redis, type RedisOptions } from "ioredis";

/** ioredis and BullMQ options behind a URL: `redis://`, `rediss://`, or `unix:///path/to/socket`. */
export function redisOptions(url: string): RedisOptions {
  if (url.startsWith("unix://")) return { path: url.slice("unix://".length) };
  const at = new URL(url);
  return {
    host: at.hostname,
    port: at.port ? Number(at.port) : 6379,
    ...(at.username && { username: decodeURIComponent(at.username) }),
    ...(at.password && { password: decodeURIComponent(at.password) }),
    ...(at.pathname.length > 1 && { db: Number(at.pathname.slice(1)) }),
    ...(at.protocol === "rediss:" && { tls: {} }),
  };
}

/**
 * A connection that fails fast: without Redis a command is refused at once instead of waiting in line,
 * so that scoring can go on without it. It reconnects by itself.
 */
export function connectFailFast(url: string): Redis {
  const redis = new Redis({
    ...redisOptions(url),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 3_000, // a stopped server answers nothing at all: that, too, is away
    retryStrategy: (tries) => Math.min(tries * 50, 1_000),
  });
  redis.on("error", () => {}); // each command reports its own failure; an unheard event would end the process
  return redis;
}

/** Resolves when the connection is ready, false when it is not within `ms`. */
export function whenReady(redis: Redis, ms: number): Promise<boolean> {
  if (redis.status === "ready") return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (ready: boolean) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => finish(true);
    const timer = setTimeout(() => finish(false), ms);
    redis.on("ready", onReady);
  });
}
