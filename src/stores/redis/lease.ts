import type { Redis } from "ioredis";
import { KEYS } from "./keys.ts";
import { RELEASE, RENEW } from "./lua.ts";

/** The right to apply the log, held by one process at a time. Politeness only: the fence in the commit is what keeps order. */
export interface Lease {
  /** Gives it back if it is still ours. Never throws. */
  release(): Promise<void>;
}

/**
 * Takes the lease when it is free or ours already (a connection was lost, not the lease), and renews it until it is
 * released.
 *
 * @param token names the holder; one holder has one lease at a time
 * @param onLost called once when somebody else has it, because we were silent for longer than `ms`
 */
export async function tryLease(
  redis: Redis,
  token: string,
  ms: number,
  onLost: () => void,
): Promise<Lease | undefined> {
  const free = (await redis.set(KEYS.worker, token, "PX", ms, "NX")) === "OK";
  if (!free && (await redis.eval(RENEW, 1, KEYS.worker, token, ms)) !== 1) return undefined;
  const renewing = setInterval(() => {
    redis.eval(RENEW, 1, KEYS.worker, token, ms).then(
      (kept) => {
        if (kept === 1) return;
        clearInterval(renewing);
        onLost();
      },
      () => {}, // a lost connection shows itself in the holder's own commands
    );
  }, ms / 3);
  return {
    async release() {
      clearInterval(renewing);
      await redis.eval(RELEASE, 1, KEYS.worker, token).catch(() => {});
    },
  };
}

/** Waits for the lease; undefined when told to stop before it came. */
export async function waitForLease(
  redis: Redis,
  token: string,
  ms: number,
  stop: AbortSignal,
  onLost: () => void,
  onStandby: () => void,
): Promise<Lease | undefined> {
  while (!stop.aborted) {
    const lease = await tryLease(redis, token, ms, onLost);
    if (lease) return lease;
    onStandby();
    await new Promise((resolve) => setTimeout(resolve, Math.min(250, ms / 4)));
  }
  return undefined;
}
