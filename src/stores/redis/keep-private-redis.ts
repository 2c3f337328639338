import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../log.ts";
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from "./private-redis.ts";

const MOST_MS = 30_000;

/**
 * A private Redis that is started again when it ends by itself, at the same address and with all that it acknowledged.
 * One that does not start (a full disk) is tried again, ever more rarely.
 *
 * @throws what `startPrivateRedis` throws, at the first start only
 */
export async function keepPrivateRedis(
  options: PrivateRedisOptions,
  { log, pauseMs = 500 }: { readonly log: Log; readonly pauseMs?: number },
): Promise<Pick<PrivateRedis, "url" | "close">> {
  let server = await startPrivateRedis(options);
  const { url } = server;
  const closing = new AbortController();
  const pause = (ms: number) => sleep(ms, undefined, { signal: closing.signal }).catch(() => {});

  async function startAgain(): Promise<void> {
    for (let wait = pauseMs; !closing.signal.aborted; wait = Math.min(2 * wait, MOST_MS)) {
      await pause(wait);
      if (closing.signal.aborted) return;
      try {
        server = await startPrivateRedis(options);
        return log.info({}, "the private Redis is back");
      } catch (error) {
        log.error(
          { reason: error instanceof Error ? error.message : String(error) },
          "the private Redis does not start",
        );
      }
    }
  }

  async function keep(): Promise<void> {
    while (!closing.signal.aborted) {
      await server.ended;
      if (closing.signal.aborted) return;
      log.warn({}, "the private Redis ended by itself and is started again; what it acknowledged is on disk");
      await startAgain();
    }
  }

  const kept = keep();
  return {
    url,
    async close() {
      closing.abort();
      const last = server;
      await last.close();
      await kept;
      if (server !== last) await server.close(); // it was just being started
    },
  };
}
