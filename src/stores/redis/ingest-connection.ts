import type { Redis } from "ioredis";
import { connectRedis } from "./connect.ts";
import { COMMIT } from "./lua.ts";

export type CommitConnection = Redis & { commit(...args: (string | number | Buffer)[]): Promise<number> };

/**
 * A connection that never resends by itself: what became of a command is read from the cursors, not guessed. On a Cluster
 * it follows a slot that moved, which is said before anything is done.
 */
export function connectOnce(url: string): CommitConnection {
  const redis = connectRedis(
    url,
    {
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      connectTimeout: 2_000,
      lazyConnect: true,
    },
    // several commands go to a node that is not connected yet; of a Cluster that is down each command tells
    { enableOfflineQueue: true, retryDelayOnFailover: 0, enableReadyCheck: false },
  );
  redis.on("error", () => {});
  redis.defineCommand("commit", { lua: COMMIT });
  return redis as CommitConnection;
}
