import { randomFillSync } from "node:crypto";
import type { Redis } from "ioredis";
import { type ChainLink, nextLink, rootOf, SALT_BYTES, saltedDigest } from "../../scoring/receipt-chain.ts";
import { deskOf } from "../../scoring/receipt-id.ts";
import { packSealed } from "../../scoring/sealed-receipt.ts";
import { redisAway, redisFailure } from "./redis-failure.ts";

/** How many ids of a desk's newest receipts are kept at hand for checks. */
export const LATEST_KEPT = 10_000;
export const DESKS = "receipts:desks";
/** All keys of one desk lie in one slot of a Cluster. */
export const receiptKey = (id: string): string => `receipt:{${deskOf(id)}}:${id}`;
export const latestKey = (desk: string): string => `receipts:latest:{${desk}}`;
/** A chain is named after its first receipt, so its desk is in its name. */
export const chainKey = (chain: string): string => `receipts:chain:{${deskOf(chain)}}:${chain}`;

const WANTED = "to store a receipt";
/** So many at most go into one script, which keeps Redis from everybody else while it runs. */
const GROUP_MOST = 500;

/**
 * Stores a group of receipts and the link that it adds to its chain, and names them among the newest: all or nothing.
 * One command instead of one for each receipt: preparing a command costs the service more than Redis its work.
 *
 * KEYS: the newest, the chain, then n receipts.
 * ARGV: ms to keep, newest to keep, entry id, link, digests, then n sealed receipts, n ids.
 */
const KEEP = `
local n = #KEYS - 2
for i = 1, n do redis.call('SET', KEYS[i + 2], ARGV[i + 5], 'PX', ARGV[1]) end
redis.call('XADD', KEYS[2], ARGV[3], 'link', ARGV[4], 'digests', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
redis.call('LPUSH', KEYS[1], unpack(ARGV, n + 6, 2 * n + 5))
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return n`;

interface Waiting {
  readonly id: string;
  readonly bytes: Buffer;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface GroupOptions {
  readonly redis: Redis;
  readonly keepMs: number;
  /** A Redis that hangs counts as away after this time: scoring must not hang with it. */
  readonly patienceMs: number;
}

/**
 * Group commit of one desk's receipts.
 *
 * While a group is on its way the next one gathers, so links follow each other without a gap and groups grow with the load.
 * When a group fails, nobody knows whether it was stored: all that wait fail with it, the chain ends there, and the next
 * receipt begins another.
 */
export function createReceiptGroups({ redis, keepMs, patienceMs }: GroupOptions) {
  const waiting: Waiting[] = [];
  let under = false;
  let chain: { readonly name: string; number: number; link: Buffer } | undefined;

  async function commitAll(): Promise<void> {
    under = true;
    try {
      while (waiting.length > 0) {
        const group = waiting.splice(0, GROUP_MOST);
        try {
          await commit(group);
          for (const { done } of group) done();
        } catch (error) {
          chain = undefined;
          const failure = redisFailure(error, WANTED);
          for (const { failed } of [...group, ...waiting.splice(0)]) failed(failure);
        }
      }
    } finally {
      under = false;
    }
  }

  async function commit(group: readonly Waiting[]): Promise<void> {
    const desk = deskOf(group[0].id);
    const announced = chain ? undefined : redis.sadd(DESKS, desk);
    chain ??= { name: group[0].id, number: -1, link: rootOf(group[0].id) };
    const number = chain.number + 1;
    const salts = randomFillSync(Buffer.allocUnsafe(SALT_BYTES * group.length));
    const saltOf = (i: number) => salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES);
    const digests = group.map(({ bytes }, i) => saltedDigest(saltOf(i), bytes));
    const { link } = nextLink(chain.link, number, digests);
    const name = chain.name;
    const ids = group.map(({ id }) => id);
    const sealed = group.map(({ bytes }, place) =>
      packSealed({ bytes, salt: saltOf(place), chain: name, number, place }),
    );
    const keys = [latestKey(desk), chainKey(name), ...ids.map(receiptKey)];
    const facts = [keepMs, LATEST_KEPT, entryOf(number), link, Buffer.concat(digests)];
    const kept = redis.eval(KEEP, keys.length, ...keys, ...facts, ...sealed, ...ids);
    await within(patienceMs, Promise.all([announced, kept]));
    chain = { name, number, link };
  }

  return {
    save: (id: string, bytes: Buffer): Promise<void> =>
      new Promise((done, failed) => {
        waiting.push({ id, bytes, done, failed });
        if (!under && waiting.length === 1) setImmediate(commitAll);
      }),
  };
}

/** A link's place in its stream: Redis wants ids above 0-0. */
export const entryOf = (number: number): string => `${number + 1}-0`;
export const numberOf = (entry: string): number => Number.parseInt(entry, 10) - 1;

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

/** A link as its stream entry holds it. */
export function parseLink(number: number, fields: readonly Buffer[]): ChainLink {
  const field = (name: string) => fields[fields.findIndex((one, i) => i % 2 === 0 && one.toString() === name) + 1];
  const digests = field("digests");
  return {
    number,
    link: field("link"),
    digests: Array.from({ length: digests.length / 32 }, (_, i) => digests.subarray(32 * i, 32 * (i + 1))),
  };
}
