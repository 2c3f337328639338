import { PortraitError } from "../../errors.ts";

/**
 * What an error of the Redis client means for a caller: REDIS_FULL when the server refused for want of memory,
 * REDIS_AWAY when the connection failed. Anything else is a bug and is answered as it came.
 */
export function redisFailure(error: unknown, wanted: string): unknown {
  if (error instanceof PortraitError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/^OOM |^MISCONF |maxmemory/.test(message))
    return new PortraitError(
      "REDIS_FULL",
      `Wanted ${wanted}, but Redis has no room left. Give it more memory (maxmemory), then try again.`,
      {},
      error,
    );
  const lost =
    /^(MOVED|ASK|TRYAGAIN) |cluster (isn't ready|is ended|redirections)|startup nodes|slots cache|stream isn't writeable|connection is closed|max retries|ECONN|EPIPE|ENOENT|ENOTFOUND|ETIMEDOUT|timed out|command aborted|LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|reset/i;
  if (lost.test(message)) return redisAway(wanted, error);
  return error;
}

export const redisAway = (wanted: string, cause?: unknown): PortraitError =>
  new PortraitError(
    "REDIS_AWAY",
    `Wanted ${wanted}, but Redis does not answer. Start it or correct REDIS_URL, then try again.`,
    {},
    cause,
  );
