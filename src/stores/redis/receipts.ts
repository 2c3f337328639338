import type { Redis } from "ioredis";
import type { ReceiptStore } from "../../scoring/receipt.ts";
import { parseReceipt, receiptBytes } from "../../scoring/receipt-bytes.ts";
import { redisAway, redisFailure } from "./redis-failure.ts";

/** How many ids of the newest receipts are kept at hand for checks. */
const LATEST_KEPT = 10_000;
const LATEST = "receipts:latest";
const WANTED = "to store a receipt";

/** The answer, or REDIS_AWAY when it is late. What was sent may still be done: a receipt too many harms nobody. */
async function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(redisAway(WANTED)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** So many at most go into one script, which keeps Redis from everybody else while it runs. */
const GROUP_MOST = 500;

/**
 * Stores a group of receipts and names them among the newest, all or nothing as far as Redis has room.
 * One command instead of one for each receipt: preparing a command costs the service more than Redis its work.
 *
 * KEYS: the list of the newest, then n receipts. ARGV: ms to keep, how many newest to keep, n times bytes, n ids.
 */
const KEEP = `
local n = #KEYS - 1
for i = 1, n do redis.call('SET', KEYS[i + 1], ARGV[i + 2], 'PX', ARGV[1]) end
redis.call('LPUSH', KEYS[1], unpack(ARGV, n + 3, 2 * n + 2))
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return n`;

const keyOf = (id: string) => `receipt:${id}`;

interface Waiting {
  readonly id: string;
  readonly bytes: Buffer;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface RedisReceiptsOptions {
  readonly redis: Redis;
  readonly keepMs: number;
  /** A Redis that hangs counts as away after this time: scoring must not hang with it. */
  readonly patienceMs?: number;
}

/**
 * Receipts in Redis, one key each, gone after `keepMs`.
 *
 * Group commit: all receipts that are saved within one turn of the event loop travel as one command, and each
 * `save` returns when Redis has answered it. `latest` names the newest 10,000 at most.
 * Keys of one command lie in different slots, so this wants a single server (or a proxy), not a bare Cluster.
 */
export function createRedisReceipts({ redis, keepMs, patienceMs = 1_000 }: RedisReceiptsOptions): ReceiptStore {
  let waiting: Waiting[] = [];

  function commit(): void {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += GROUP_MOST) void keep(all.slice(from, from + GROUP_MOST));
  }

  async function keep(group: readonly Waiting[]): Promise<void> {
    const ids = group.map(({ id }) => id);
    const args = [keepMs, LATEST_KEPT, ...group.map(({ bytes }) => bytes), ...ids];
    try {
      await within(patienceMs, redis.eval(KEEP, 1 + ids.length, LATEST, ...ids.map(keyOf), ...args));
      for (const { done } of group) done();
    } catch (error) {
      const failure = redisFailure(error, WANTED);
      for (const { failed } of group) failed(failure);
    }
  }

  return {
    save: (receipt) =>
      new Promise((done, failed) => {
        const bytes = receiptBytes(receipt);
        if (waiting.push({ id: receipt.id, bytes, done, failed }) === 1) setImmediate(commit);
      }),
    async load(id) {
      const bytes = await redis.getBuffer(keyOf(id)).catch((error) => {
        throw redisFailure(error, "to read a receipt");
      });
      return bytes ? parseReceipt(bytes) : undefined;
    },
    async latest(count) {
      const wanted = Math.min(count, LATEST_KEPT);
      if (wanted < 1) return [];
      try {
        // several processes push side by side, so the list is nearly but not quite in order
        const ids = (await redis.lrange(LATEST, 0, LATEST_KEPT - 1)).sort().reverse();
        const found: string[] = [];
        for (let at = 0; at < ids.length && found.length < wanted; at += wanted) {
          const some = ids.slice(at, at + wanted);
          const alive = await Promise.all(some.map((id) => redis.exists(keyOf(id))));
          found.push(...some.filter((_, i) => alive[i] === 1));
        }
        return found.slice(0, wanted);
      } catch (error) {
        throw redisFailure(error, "to list receipts");
      }
    },
  };
}
