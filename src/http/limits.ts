import type { KeyHolder } from "./keys.ts";

/** What a key may ask: so many requests a second in the long run, so many at once after a pause. */
export interface Limit {
  readonly perSecond: number;
  readonly burst: number;
}

/** What a process wants of the bucket that all processes share. */
export interface LeaseAsked {
  readonly limit: Limit;
  /** Tokens wanted now. */
  readonly want: number;
  /** Tokens that were spent on credit. */
  readonly owed: number;
}

export interface Lease {
  /** At most what was wanted. */
  readonly tokens: number;
  /** When there will be one again, ms from now; 0 when there are some left. */
  readonly waitMs: number;
  /** How many processes lease for this key, this one included. */
  readonly processes: number;
}

/** The shared buckets. Rejects when they cannot be reached. */
export type LeaseTokens = (key: string, asked: LeaseAsked) => Promise<Lease>;

export interface Limits {
  /** Takes one token of the holder's: 0 = go on, else how many ms to wait. `now` in ms. No round trip, some 50 ns. */
  take(holder: KeyHolder, now: number): number;
}

/** How much of its burst a process leases at once, and the least that is worth asking for. */
const SHARE = 1 / 4;
const LEAST = 20;
/** A bucket that is not answered by then is filled by its local share. */
const PATIENCE_MS = 250;
/** Between two tries while the shared bucket is nearly empty, and while it is away. */
const PAUSE_MS = 25;
const AGAIN_MS = 100;
/** Tokens that lay idle for so long are worth no more than a fresh start. */
const IDLE_MS = 10_000;

interface Bucket {
  readonly limit: Limit;
  /** How many tokens a lease is for. */
  readonly size: number;
  tokens: number;
  owed: number;
  asking: boolean;
  askAgainAt: number;
  /** When one token may be spent on credit, for it will lie in the shared bucket then; never before the next answer. */
  creditAt: number;
  usedAt: number;
  filledAt: number;
  processes: number;
}

/**
 * Rate limits by key, spent from memory and leased from `lease`. A key without a limit of its own has `fallback`;
 * without that either, it is not limited. Buckets are made for known keys only, so that nobody can fill the memory.
 */
export function createLimits(lease: LeaseTokens, fallback?: Limit): Limits {
  const buckets = new Map<string, Bucket>();

  function open(id: string, limit: Limit, now: number): Bucket {
    const size = Math.max(1, Math.min(limit.burst, Math.max(LEAST, Math.ceil(limit.burst * SHARE))));
    const times = { askAgainAt: now, creditAt: Number.POSITIVE_INFINITY, usedAt: now, filledAt: now };
    const bucket = { limit, size, tokens: size, owed: size, asking: false, processes: 1, ...times };
    buckets.set(id, bucket);
    return bucket;
  }

  async function fill(id: string, bucket: Bucket, now: number): Promise<void> {
    const { limit, size, owed } = bucket;
    bucket.asking = true;
    const late = timeLimit(PATIENCE_MS);
    try {
      const want = Math.max(0, size - Math.floor(bucket.tokens));
      const { tokens, waitMs, processes } = await Promise.race([lease(id, { limit, want, owed }), late.reached]);
      bucket.owed = 0;
      bucket.tokens += tokens;
      bucket.processes = processes;
      bucket.askAgainAt = tokens >= want ? now : now + Math.max(waitMs, PAUSE_MS);
      // every process may take the shared bucket's next token for its own: each waits for as many as there are processes
      bucket.creditAt = now + waitMs + ((processes - 1) * 1_000) / limit.perSecond;
      bucket.filledAt = now;
    } catch {
      // the shared bucket is away: the share of this process goes on
      const gained = (((now - bucket.filledAt) / 1_000) * limit.perSecond) / bucket.processes;
      bucket.tokens = Math.min(Math.max(1, limit.burst / bucket.processes), bucket.tokens + gained);
      bucket.askAgainAt = now + AGAIN_MS;
      bucket.creditAt = Number.POSITIVE_INFINITY;
      bucket.filledAt = now;
    } finally {
      late.clear();
      bucket.asking = false;
    }
  }

  return {
    take(holder, now) {
      const limit = holder.limit ?? fallback;
      if (limit === undefined) return 0;
      let bucket = buckets.get(holder.id);
      if (bucket === undefined || now - bucket.usedAt > IDLE_MS || !same(bucket.limit, limit))
        bucket = open(holder.id, limit, now);
      bucket.usedAt = now;
      if (bucket.tokens < 1 && now >= bucket.creditAt && !bucket.asking) spendOnCredit(bucket);
      const low = bucket.tokens * 2 <= bucket.size || bucket.owed > 0;
      if (low && !bucket.asking && now >= bucket.askAgainAt) void fill(holder.id, bucket, now);
      if (bucket.tokens < 1) return Math.max(1, bucket.askAgainAt - now);
      bucket.tokens--;
      return 0;
    },
  };
}

/** Else a bucket of one would be refilled by a caller's next request, and only after that was stopped. */
function spendOnCredit(bucket: Bucket): void {
  bucket.tokens++;
  bucket.owed++;
  bucket.creditAt = Number.POSITIVE_INFINITY;
}

const same = (a: Limit, b: Limit) => a === b || (a.perSecond === b.perSecond && a.burst === b.burst);

/** A promise that rejects after `ms`, unless it is cleared. */
function timeLimit(ms: number): { readonly reached: Promise<never>; readonly clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), ms).unref();
  });
  return { reached, clear: () => clearTimeout(timer) };
}
