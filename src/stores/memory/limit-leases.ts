import type { LeaseTokens } from "../../http/limits.ts";

/** Shared buckets of this process alone: the twin of `redis/limit-leases.ts`. */
export function createMemoryLimitLeases(clock: () => number): LeaseTokens {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (key, { limit: { perSecond, burst }, want, owed }) => {
    const now = clock();
    const { tokens, at } = buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + (Math.max(0, now - at) * perSecond) / 1_000);
    const left = Math.max(-burst, filled - owed);
    const granted = Math.max(0, Math.min(want, Math.floor(left)));
    const rest = left - granted;
    buckets.set(key, { tokens: rest, at: Math.max(at, now) });
    const waitMs = rest >= 1 ? 0 : Math.ceil(((1 - rest) * 1_000) / perSecond);
    return Promise.resolve({ tokens: granted, waitMs, processes: 1 });
  };
}
