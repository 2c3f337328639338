import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { redisOptions } from "../../src/stores/redis/connect.ts";
import { type PrivateRedis, startPrivateRedis } from "../../src/stores/redis/private-redis.ts";

/** A real Redis for the tests of one file. Call at the top of the file; read `.url` inside tests. */
export function useRedis(fsync: "always" | "no" = "no"): {
  readonly url: string;
  readonly server: PrivateRedis;
  flush(): Promise<void>;
} {
  let server: PrivateRedis | undefined;
  const dir = mkdtempSync(join(tmpdir(), "portrait-redis-"));
  beforeAll(async () => {
    server = await startPrivateRedis({ dir, fsync });
  });
  afterAll(async () => {
    await server?.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const running = () => {
    if (!server) throw new Error("useRedis() is ready inside tests only");
    return server;
  };
  return {
    get url() {
      return running().url;
    },
    get server() {
      return running();
    },
    async flush() {
      const redis = new Redis(redisOptions(running().url));
      await redis.flushall();
      redis.disconnect();
    },
  };
}
