import type { Redis } from "ioredis";
import { KEYS, leaseKey } from "./keys.ts";
import { HEARTBEAT, RELEASE, RENEW, TAKE } from "./lua.ts";

/** Which partitions a worker applies. Politeness only: the fence in the commit is what keeps order. */
export interface Shares {
  /** The partitions whose leases are ours now. */
  readonly mine: ReadonlySet<number>;
  /** Those of them that others should have: to be written out, then given back. */
  surplus(): number[];
  giveBack(partition: number): Promise<void>;
  /** Gives all back. Never throws. */
  close(): Promise<void>;
}

export interface SharesOptions {
  readonly redis: Redis;
  /** Names the worker; one worker has its leases once, also over several connections. */
  readonly token: string;
  readonly partitions: number;
  /** A worker that is silent for so long loses its partitions. */
  readonly ms: number;
  /** Called once when a lease is another's, because we were silent for too long. */
  readonly onLost: () => void;
}

/**
 * Shares the partitions among the workers that live: each takes free ones until it has its part, the number of
 * partitions by the number of workers, rounded up, and says which are too many when there are more workers than
 * before. A worker that dies is no longer counted, and its leases end, after `ms`.
 *
 * Resolves after the first look, with what was free.
 */
export async function openShares({ redis, token, partitions, ms, onLost }: SharesOptions): Promise<Shares> {
  const mine = new Set<number>();
  const lost = new Set<number>(); // given back, until the next look
  let part = partitions;
  let closed = false;

  const take = (partition: number) => redis.eval(TAKE, 1, leaseKey(partition), token, ms);
  const renew = (partition: number) => redis.eval(RENEW, 1, leaseKey(partition), token, ms);
  const release = (partition: number) => redis.eval(RELEASE, 1, leaseKey(partition), token);

  async function look(): Promise<void> {
    const workers = Number(await redis.eval(HEARTBEAT, 1, KEYS.workers, token, ms));
    part = Math.ceil(partitions / Math.max(1, workers));
    const kept = [...mine];
    const answers = await Promise.all(kept.map(renew));
    if (closed) return;
    if (kept.some((partition, i) => answers[i] !== 1 && mine.has(partition))) {
      close();
      onLost();
      return;
    }
    const from = Number.parseInt(token.slice(0, 8), 16) || 0; // each begins elsewhere, so that few ask for the same one
    for (let i = 0; i < partitions && mine.size < part && !closed; i++) {
      const partition = (from + i) % partitions;
      if (mine.has(partition) || lost.has(partition)) continue;
      if ((await take(partition)) !== 1) continue;
      if (closed) await release(partition);
      else mine.add(partition);
    }
    lost.clear();
  }

  let looking = look();
  await looking;
  const timer = setInterval(
    () => {
      looking = looking.then(look).catch(() => {}); // a lost connection shows itself in the worker's own commands
    },
    Math.max(20, Math.min(1_000, ms / 8)),
  );
  const close = () => {
    closed = true;
    clearInterval(timer);
  };

  return {
    mine,
    surplus: () => [...mine].slice(0, Math.max(0, mine.size - part)),
    async giveBack(partition) {
      mine.delete(partition);
      lost.add(partition);
      await release(partition);
    },
    async close() {
      close();
      await looking.catch(() => {});
      await Promise.all([redis.zrem(KEYS.workers, token), ...[...mine].map(release)]).catch(() => {});
    },
  };
}

/**
 * Takes the leases of all partitions, for what must be alone with the log, and renews them until released.
 *
 * @returns undefined when another holds one of them for longer than `patienceMs`
 */
export async function takeAll(
  { redis, token, partitions, ms, onLost }: SharesOptions,
  patienceMs: number,
): Promise<{ release(): Promise<void> } | undefined> {
  const keys = Array.from({ length: partitions }, (_, partition) => leaseKey(partition));
  const all = (script: string) => Promise.all(keys.map((key) => redis.eval(script, 1, key, token, ms)));
  const release = async () => {
    clearInterval(timer);
    await all(RELEASE).catch(() => {});
  };
  const until = performance.now() + patienceMs;
  let waiting = new Set(keys);
  const timer = setInterval(() => {
    const held = keys.filter((key) => !waiting.has(key));
    Promise.all(held.map((key) => redis.eval(RENEW, 1, key, token, ms))).then(
      (kept) => {
        if (kept.every((answer) => answer === 1)) return;
        clearInterval(timer);
        onLost();
      },
      () => {},
    );
  }, ms / 3);
  for (;;) {
    const asked = [...waiting];
    const answers = await Promise.all(asked.map((key) => redis.eval(TAKE, 1, key, token, ms)));
    waiting = new Set(asked.filter((_, i) => answers[i] !== 1));
    if (waiting.size === 0) return { release };
    if (performance.now() > until) {
      await release();
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(200, ms / 8)));
  }
}
