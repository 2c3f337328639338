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
const receiptPrefix = (desk: string): string => `receipt:{${desk}}:`;
export const receiptKey = (id: string): string => receiptPrefix(deskOf(id)) + id;
export const latestKey = (desk: string): string => `receipts:latest:{${desk}}`;
/** A chain is named after its first receipt, so its desk is in its name. */
export const chainKey = (chain: string): string => `receipts:chain:{${deskOf(chain)}}:${chain}`;

const WANTED = "to store a receipt";
/** So many at most go into one script, which keeps Redis from everybody else while it runs. */
const GROUP_MOST = 500;

/**
 * Stores a group of receipts and the link that it adds to its chain, and names them among the newest: all or nothing.
 * One command of few arguments instead of several for each receipt: preparing an argument costs the service more than
 * Redis its part of the work. The receipts' keys are made here, of the desk's own tag, so they lie in the slot of the
 * keys that are named.
 *
 * KEYS: the newest, the chain.
 * ARGV: ms to keep, newest to keep, entry id, link, digests, what receipts' keys begin with, for each receipt the
 * lengths of its id and of its sealed bytes (u32, little-endian), then all ids and sealed receipts one after the other.
 */
const KEEP = `
local sizes, all, ids, at = ARGV[7], ARGV[8], {}, 1
for i = 1, #sizes / 8 do
  local id, size = struct.unpack('<I4I4', sizes, 8 * i - 7)
  ids[i] = string.sub(all, at, at + id - 1)
  at = at + id
  redis.call('SET', ARGV[6] .. ids[i], string.sub(all, at, at + size - 1), 'PX', ARGV[1])
  at = at + size
end
redis.call('XADD', KEYS[2], ARGV[3], 'link', ARGV[4], 'digests', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
redis.call('LPUSH', KEYS[1], unpack(ids))
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return #ids`;

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
    const packed = group.flatMap(({ id, bytes }, place) => [
      Buffer.from(id),
      packSealed({ bytes, salt: saltOf(place), chain: name, number, place }),
    ]);
    const facts = [keepMs, LATEST_KEPT, entryOf(number), link, Buffer.concat(digests), receiptPrefix(desk)];
    const keep = redis.eval(KEEP, 2, latestKey(desk), chainKey(name), ...facts, sizesOf(packed), Buffer.concat(packed));
    await within(patienceMs, Promise.all([announced, keep]));
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

function sizesOf(parts: readonly Buffer[]): Buffer {
  const sizes = Buffer.allocUnsafe(4 * parts.length);
  parts.forEach(({ length }, i) => {
    sizes.writeUInt32LE(length, 4 * i);
  });
  return sizes;
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
