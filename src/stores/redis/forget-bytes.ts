import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { redisFailure } from "./redis-failure.ts";
import { serversOf } from "./servers.ts";

/**
 * Writes a stream anew with the entries it has, and the same last id: what was deleted or trimmed stays in its blocks,
 * in memory and on disk, until all entries of a block are gone. KEYS: stream. ARGV: the most entries.
 * Answers 0 when there are more: those of a log are trimmed soon, and their blocks with them.
 */
const REPACK = `
local size = redis.call('XLEN', KEYS[1])
if size > tonumber(ARGV[1]) then return 0 end
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
local facts = redis.call('XINFO', 'STREAM', KEYS[1])
local last
for i = 1, #facts, 2 do if facts[i] == 'last-generated-id' then last = facts[i + 1] end end
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do redis.call('XADD', KEYS[1], entry[1], unpack(entry[2])) end
if last == '0-0' then return 1 end
if size == 0 then
  redis.call('XADD', KEYS[1], last, 'b', '')
  redis.call('XDEL', KEYS[1], last)
end
redis.call('XSETID', KEYS[1], last)
return 1`;

/** Cost: Redis does nothing else while it copies; 10,000 small entries take it some 50 ms. */
export async function repackStream(redis: Redis, key: string, most: number): Promise<void> {
  await redis.eval(REPACK, 1, key, most);
}

/** `rewritten`: what is on disk is what is in memory. `none`: nothing is kept on disk. `refused`: it may not be asked for. */
export type DiskOfRedis = "rewritten" | "none" | "refused";

/**
 * Has Redis write its append-only file anew, so that it no longer holds the commands that brought in what was deleted,
 * and waits for it.
 *
 * @throws PortraitError REDIS_AWAY
 */
export async function rewriteAppendOnly(redis: Redis): Promise<DiskOfRedis> {
  const done = await Promise.all(serversOf(redis).map(rewriteOne));
  return done.includes("refused") ? "refused" : done.includes("rewritten") ? "rewritten" : "none";
}

async function rewriteOne(server: Redis): Promise<DiskOfRedis> {
  try {
    if (!/aof_enabled:1/.test(await server.info("persistence"))) return "none";
    const settled = async () => {
      while (/aof_rewrite_(in_progress|scheduled):1|rdb_bgsave_in_progress:1/.test(await server.info("persistence")))
        await sleep(20);
    };
    await settled(); // one under way may have begun before
    await server.bgrewriteaof();
    await settled();
    return /aof_last_bgrewrite_status:ok/.test(await server.info("persistence")) ? "rewritten" : "refused";
  } catch (error) {
    if (/unknown command|NOPERM|not allowed/i.test(String(error))) return "refused";
    throw redisFailure(error, "to write its append-only file anew");
  }
}
