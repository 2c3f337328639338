import type { Redis } from "ioredis";
import type { LeaseTokens } from "../../http/limits.ts";

/** A process that has not leased for so long is counted no more. */
const SEEN_MS = 10_000;

/**
 * Fills the bucket by the time of the server (processes' clocks differ), takes off what is owed, and gives what is there.
 *
 * KEYS: bucket. ARGV: tokens a second, burst, want, owed, process, ms after which a process is forgotten.
 * The hash holds `t` tokens, `at` ms, and `p:<process>` the ms at which each was seen. Answers tokens, wait ms, processes.
 */
const LEASE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens, at, processes = burst, now, 0
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  local field, value = held[i], tonumber(held[i + 1])
  if field == 't' then tokens = value
  elseif field == 'at' then at = value
  elseif now - value > tonumber(ARGV[6]) then redis.call('HDEL', KEYS[1], field)
  elseif field ~= 'p:' .. ARGV[5] then processes = processes + 1 end
end
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000) - tonumber(ARGV[4])
tokens = math.max(-burst, tokens)
local given = math.max(0, math.min(tonumber(ARGV[3]), math.floor(tokens)))
tokens = tokens - given
redis.call('HSET', KEYS[1], 't', tostring(tokens), 'at', tostring(math.max(at, now)), 'p:' .. ARGV[5], now)
redis.call('PEXPIRE', KEYS[1], math.ceil(60000 + 2000 * burst / rate))
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) * 1000 / rate) end
return { given, wait, processes + 1 }`;

/** Shared buckets in Redis, one hash a key (`limit:<key id>`): one round trip a lease. @param process names this one */
export const createRedisLimitLeases =
  (redis: Redis, process: string): LeaseTokens =>
  async (key, { limit: { perSecond, burst }, want, owed }) => {
    const given = await redis.eval(LEASE, 1, `limit:${key}`, perSecond, burst, want, owed, process, SEEN_MS);
    const [tokens, waitMs, processes] = given as [number, number, number];
    return { tokens, waitMs, processes };
  };
