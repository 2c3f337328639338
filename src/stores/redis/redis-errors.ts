import { PortraitError } from "../../errors.ts";

const AWAY =
  /Connection is closed|Stream isn't writeable|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|max retries per request|Reached the max|Command timed out|Command aborted|^LOADING|^READONLY|^MASTERDOWN|^CLUSTERDOWN|^TRYAGAIN/i;

/**
 * What an ioredis failure means to a caller: REDIS_FULL, REDIS_AWAY, or the error itself, which is then a bug.
 * A command that failed with REDIS_AWAY may or may not have been carried out.
 */
export function redisFailure(error: unknown): unknown {
  if (error instanceof PortraitError || !(error instanceof Error)) return error;
  if (/^OOM |^MISCONF /.test(error.message)) {
    return new PortraitError(
      "REDIS_FULL",
      "Redis has no room left and took nothing. Give it more memory (maxmemory) or disk, then send again.",
      {},
      error,
    );
  }
  if (AWAY.test(error.message) || error.name === "MaxRetriesPerRequestError") {
    return new PortraitError(
      "REDIS_AWAY",
      "Redis does not answer, so nothing was promised. Send again with the same message ids: what was taken is recognised.",
      {},
      error,
    );
  }
  return error;
}
