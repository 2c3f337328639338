import { PortraitError } from "../../errors.ts";
import { redisFailure as plainFailure } from "./redis-errors.ts";

/** `redisFailure` of redis-errors.ts, in the words of the one who wanted something: REDIS_FULL, REDIS_AWAY, or the bug itself. */
export function redisFailure(error: unknown, wanted: string): unknown {
  const failure = plainFailure(error);
  if (failure === error || !(failure instanceof PortraitError)) return failure;
  if (failure.code === "REDIS_AWAY") return redisAway(wanted, error);
  const message = `Wanted ${wanted}, but Redis has no room left. Give it more memory (maxmemory) or disk, then try again.`;
  return new PortraitError(failure.code, message, {}, error);
}

export const redisAway = (wanted: string, cause?: unknown): PortraitError =>
  new PortraitError(
    "REDIS_AWAY",
    `Wanted ${wanted}, but Redis does not answer. Start it or correct REDIS_URL, then try again.`,
    {},
    cause,
  );
