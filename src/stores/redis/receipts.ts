import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import type { ReceiptStore } from "../../scoring/receipt.ts";
import { parseReceipt } from "../../scoring/receipt-bytes.ts";
import { deskOf } from "../../scoring/receipt-id.ts";
import { ERASED_RECEIPT, unpackSealed } from "../../scoring/sealed-receipt.ts";
import {
  chainKey,
  createReceiptGroups,
  DESKS,
  entryOf,
  LATEST_KEPT,
  latestKey,
  numberOf,
  parseLink,
  receiptKey,
} from "./receipt-groups.ts";
import { redisFailure } from "./redis-failure.ts";
import { scanKeys } from "./state-keys.ts";

const PAGE = 500;

export interface RedisReceiptsOptions {
  readonly redis: Redis;
  readonly keepMs: number;
  /** A Redis that hangs counts as away after this time: 1 s. */
  readonly patienceMs?: number;
}

/**
 * Receipts in Redis, one key each, gone after `keepMs`; with the chain that proves them (receipt-groups.ts).
 *
 * A process's receipts come from one desk (receipt-id.ts), whose keys share a hash tag. `latest` names the newest 10,000
 * of each desk at most.
 */
export function createRedisReceipts({ redis, keepMs, patienceMs = 1_000 }: RedisReceiptsOptions): ReceiptStore {
  const desks = new Map<string, ReturnType<typeof createReceiptGroups>>();
  const deskFor = (id: string) => {
    const desk = deskOf(id);
    const there = desks.get(desk) ?? createReceiptGroups({ redis, keepMs, patienceMs });
    desks.set(desk, there);
    return there;
  };
  const reading = (error: unknown): never => {
    throw redisFailure(error, "to read a receipt");
  };

  async function open(id: string) {
    const packed = await redis.getBuffer(receiptKey(id)).catch(reading);
    return packed ? unpackSealed(packed) : undefined;
  }

  async function* keysLike(pattern: string): AsyncGenerator<string[]> {
    const seen = new Set<string>(); // SCAN may name a key twice while Redis grows its table
    try {
      for await (const keys of scanKeys(redis, pattern)) yield keys.filter((key) => !seen.has(key) && seen.add(key));
    } catch (error) {
      reading(error);
    }
  }

  return {
    save: (receipt) => deskFor(receipt.id).save(receipt),

    async load(id) {
      const sealed = await open(id);
      return sealed === undefined || sealed === "erased" ? undefined : parseReceipt(sealed.bytes);
    },

    async latest(count) {
      const wanted = Math.min(count, LATEST_KEPT);
      if (wanted < 1) return [];
      try {
        const lists = (await redis.smembers(DESKS)).map((desk) => redis.lrange(latestKey(desk), 0, LATEST_KEPT - 1));
        const ids = (await Promise.all(lists)).flat().sort().reverse();
        const found: string[] = [];
        for (let at = 0; at < ids.length && found.length < wanted; at += wanted) {
          const some = ids.slice(at, at + wanted);
          const sizes = await Promise.all(some.map((id) => redis.strlen(receiptKey(id))));
          found.push(...some.filter((_, i) => sizes[i] > ERASED_RECEIPT.length));
        }
        return found.slice(0, wanted);
      } catch (error) {
        throw redisFailure(error, "to list receipts");
      }
    },

    open,

    async erase(ids) {
      let erased = 0;
      for (const id of ids) {
        const there = await redis.set(receiptKey(id), ERASED_RECEIPT, "KEEPTTL", "XX").catch(reading);
        if (there) erased++;
      }
      return erased;
    },

    async *scan(onBroken) {
      for await (const keys of keysLike("receipt:{*")) {
        const packed = await Promise.all(keys.map((key) => redis.getBuffer(key))).catch(reading);
        yield packed.flatMap((one, i) => {
          try {
            const sealed = one && unpackSealed(one);
            return sealed && sealed !== "erased" ? [parseReceipt(sealed.bytes)] : [];
          } catch (error) {
            if (!onBroken || !(error instanceof PortraitError)) throw error;
            onBroken(keys[i].slice(-26));
            return [];
          }
        });
      }
    },

    async chains() {
      const found: string[] = [];
      for await (const keys of keysLike("receipts:chain:*")) found.push(...keys.map((key) => key.slice(-26)));
      return found.sort();
    },

    async *links(chain, from = 0, page = PAGE) {
      let next = from;
      for (;;) {
        const entries = (await redis
          .xrangeBuffer(chainKey(chain), entryOf(next), "+", "COUNT", page)
          .catch(reading)) as unknown as [Buffer, Buffer[]][];
        if (entries.length === 0) return;
        const links = entries.map(([id, fields]) => parseLink(numberOf(id.toString()), fields));
        yield links;
        next = links[links.length - 1].number + 1;
      }
    },
  };
}
