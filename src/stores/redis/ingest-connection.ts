import { Redis } from "ioredis";
import { redisOptions } from "./connect.ts";
import { COMMIT } from "./lua.ts";

export type CommitConnection = Redis & { commit(...args: (string | number | Buffer)[]): Promise<number> };

/** A connection that never resends by itself: what became of a command is read from the cursors, not guessed. */
export function connectOnce(url: string): CommitConnection {
  const redis = new Redis({
    ...redisOptions(url),
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    connectTimeout: 2_000,
    lazyConnect: true,
  });
  redis.on("error", () => {});
  redis.defineCommand("commit", { lua: COMMIT });
  return redis as CommitConnection;
}
