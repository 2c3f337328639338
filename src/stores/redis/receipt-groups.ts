import type { Redis } from "ioredis";
import type { NewReceipt } from "../../scoring/receipt.ts";
import { CHAIN_SHARE, type ChainLink, nextLink, rootOf } from "../../scoring/receipt-chain.ts";
import { deskOf } from "../../scoring/receipt-id.ts";
import { createReceiptGroup, type ReceiptGroup } from "./receipt-group.ts";
import { redisAway, redisFailure } from "./redis-failure.ts";
import { argumentsText, WholeCommand } from "./whole-command.ts";

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
/** So many are sent before the turn of the event loop ends: Redis works on them while the next are made. */
const GROUP_EARLY = 24;
/** Groups sent and not yet acknowledged; while there are so many the next one gathers, so that groups grow with the load. */
const UNDER_WAY_MOST = 4;

/**
 * Stores a group of receipts and the link that it adds to its chain, and names them among the newest: all or nothing.
 * One command of few arguments instead of several for each receipt: preparing an argument costs the service more than
 * Redis its part of the work. The receipts' keys are made here, of the desk's own tag, so they lie in the slot of the
 * keys that are named.
 *
 * Several groups may be under way, so a link whose predecessor is not there (it failed, or Redis lost it) is refused: 0.
 *
 * KEYS: the newest, the chain.
 * ARGV: ms to keep, newest to keep, what receipts' keys begin with, number of the link; for each receipt one after the
 * other the lengths of its id (u16) and of its sealed bytes (u32), little-endian, and both; link, digests.
 */
const KEEP = `
local number = tonumber(ARGV[4])
if redis.call('XLEN', KEYS[2]) ~= number then return 0 end
local all, ids, at = ARGV[5], {}, 1
while at <= #all do
  local id, size = struct.unpack('<I2I4', all, at)
  ids[#ids + 1] = string.sub(all, at + 6, at + 5 + id)
  at = at + 6 + id + size
  redis.call('SET', ARGV[3] .. ids[#ids], string.sub(all, at - size, at - 1), 'PX', ARGV[1])
end
redis.call('XADD', KEYS[2], (number + 1) .. '-0', 'link', ARGV[6], 'digests', ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
redis.call('LPUSH', KEYS[1], unpack(ids))
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return #ids`;

export interface GroupOptions {
  readonly redis: Redis;
  readonly keepMs: number;
  /** A Redis that hangs counts as away after this time: scoring must not hang with it. */
  readonly patienceMs: number;
  readonly clock?: () => number;
}

/** A chain up to the last link that was sent. */
interface Chain {
  readonly name: string;
  /** ms; no group joins it then or later. */
  readonly until: number;
  /** What asks for a group to be kept, as far as it is the same of all groups of the chain. */
  readonly asks: readonly string[];
  readonly askBytes: Buffer;
  number: number;
  link: Buffer;
}

/**
 * Group commit of one desk's receipts.
 *
 * A group is sealed while it gathers and is sent when the turn of the event loop ends, or early when it has become long.
 * The next one follows before it is acknowledged: links are made in the order of sending, and Redis refuses a link
 * whose predecessor it does not have. When a group fails, nobody knows whether it was stored: what gathered meanwhile
 * fails with it, the chain ends there, and what is refused behind it or comes later begins another. A chain also ends in
 * time (CHAIN_SHARE).
 */
export function createReceiptGroups({ redis, keepMs, patienceMs, clock = Date.now }: GroupOptions) {
  let gathering: ReceiptGroup | undefined;
  let sending = false;
  let underWay = 0;
  let chain: Chain | undefined;

  function save(receipt: NewReceipt): Promise<void> {
    gathering ??= createReceiptGroup();
    const group = gathering;
    group.add(receipt);
    if (group.count >= GROUP_MOST || (group.count >= GROUP_EARLY && underWay < UNDER_WAY_MOST)) send();
    else sendSoon();
    return group.stored;
  }

  function sendSoon(): void {
    if (sending) return;
    sending = true;
    setImmediate(() => {
      sending = false;
      if (underWay < UNDER_WAY_MOST) send();
    });
  }

  function send(): void {
    const group = gathering;
    if (!group) return;
    gathering = undefined;
    underWay++;
    keep(group).then(
      () => acknowledged(group.done),
      (error) => {
        const failure = redisFailure(error, WANTED);
        gathering?.failed(failure);
        gathering = undefined;
        acknowledged(() => group.failed(failure));
      },
    );
  }

  function acknowledged(tell: () => void): void {
    underWay--;
    if (gathering) sendSoon();
    tell();
  }

  async function keep(group: ReceiptGroup): Promise<void> {
    for (let tries = 0; tries < 2; tries++) {
      const now = clock();
      if (!chain || now >= chain.until) chain = beginChain(group.first, now);
      const own = chain;
      try {
        if (await within(patienceMs, commit(group, own))) return;
      } catch (error) {
        if (chain === own) chain = undefined;
        throw error;
      }
      if (chain === own) chain = undefined;
    }
    throw redisAway(WANTED);
  }

  function beginChain(name: string, now: number): Chain {
    const desk = deskOf(name);
    const asks = [KEEP, "2", latestKey(desk), chainKey(name), `${keepMs}`, `${LATEST_KEPT}`, receiptPrefix(desk)];
    const askBytes = Buffer.from(`*${asks.length + 5}\r\n${argumentsText(["eval", ...asks])}`);
    return { name, until: now + keepMs * CHAIN_SHARE, asks, askBytes, number: -1, link: rootOf(name) };
  }

  /** Sends before it answers. Answers whether the group was stored. */
  async function commit(group: ReceiptGroup, to: Chain): Promise<boolean> {
    const announced = to.number < 0 ? redis.sadd(DESKS, deskOf(to.name)) : undefined;
    const digests = group.digests();
    const { number, link } = nextLink(to.link, to.number + 1, [digests]);
    to.number = number;
    to.link = link;
    group.stamp(to.name, number);
    const kept = redis.sendCommand(new WholeCommand("eval", to.asks, wholeOf(group, to, digests)));
    if (announced) await Promise.all([announced, kept]);
    return (await kept) !== 0;
  }

  return { save };
}

/** The whole command: what the chain always asks, the number of the link, the receipts, the link, its digests. */
function wholeOf(group: ReceiptGroup, { askBytes, number, link }: Chain, digests: Buffer): Buffer {
  const before = Buffer.concat([askBytes, Buffer.from(`${argumentsText([`${number}`])}$${group.size}\r\n`)]);
  const end = "\r\n";
  const after = [`${end}$${link.length}${end}`, link, `${end}$${digests.length}${end}`, digests, end];
  return group.framed(
    before,
    Buffer.concat(after.map((part) => (typeof part === "string" ? Buffer.from(part) : part))),
  );
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
