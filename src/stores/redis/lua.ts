/**
 * Writes what one chunk of one partition's log came to, all or nothing: states, cursor, duplicate verdicts, marks of
 * what other partitions forwarded, known ids of sealed days.
 *
 * Fenced twice: by the cursor (another worker may have moved it) and by the catalogue (a replay may have swapped it).
 *
 * KEYS: cursor, catalogue, verdicts, marks, then keys of sealed ids.
 * ARGV: old cursor, new cursor, catalogue in force, number of states, what their keys begin with, the states packed
 * (see `packStates`), number of verdicts, number of marks, then entry and bit mask by turns, then origin and position by
 * turns, then for each key of sealed ids the number of its buckets (0 = forget it all) followed by bucket and bytes by
 * turns. The keys of states are not among KEYS: one argument instead of two for each state halves what sending them
 * costs, and they carry the hash tag of the others, which is what a cluster looks at.
 * Answers 1 when written, 0 when fenced. MSET goes by pieces because Lua unpacks at most some 8,000 values.
 */
export const COMMIT = `
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
local n, verdicts, marks = tonumber(ARGV[4]), tonumber(ARGV[7]), tonumber(ARGV[8])
local prefix, packed, from, part = ARGV[5], ARGV[6], 1, struct.unpack
local pairs = {}
for i = 1, n do
  local name, value
  name, value, from = part('<I4c0I4c0', packed, from)
  pairs[2 * i - 1] = prefix .. name
  pairs[2 * i] = value
end
for i = 1, 2 * n, 4000 do
  redis.call('MSET', unpack(pairs, i, math.min(2 * n, i + 3999)))
end
local at = 9
for _ = 1, verdicts do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, marks do
  redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for k = 5, #KEYS do
  local buckets = tonumber(ARGV[at])
  at = at + 1
  if buckets == 0 then redis.call('UNLINK', KEYS[k]) end
  for _ = 1, buckets do
    redis.call('HSET', KEYS[k], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/**
 * Says that a worker lives, forgets those that do not, and answers how many do.
 * KEYS: workers. ARGV: token, ms. By Redis's clock, so that the clocks of workers need not agree.
 */
export const HEARTBEAT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return redis.call('ZCARD', KEYS[1])`;

/** How many workers live. KEYS: workers. */
export const WORKERS = `
local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), '+inf')`;

/**
 * What was applied up to an entry is in the lake: the stream before it and the verdicts about it have done their work,
 * and the mark says so. A folder that ends before the mark has lost parts.
 *
 * A full Redis refuses a script whose first write needs room, and lets one go on that has begun without: so the trimming,
 * which makes room, comes first.
 *
 * KEYS: log, laked, verdicts. ARGV: first entry to keep, last entry in the lake, then the entries of verdicts.
 */
export const SETTLE = `
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
for i = 3, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
return 1`;

/**
 * Takes or renews a lease that is free or ours, also in a full Redis (see SETTLE).
 * KEYS: lease. ARGV: token, ms. Answers 0 when it is another's.
 */
export const TAKE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** Renews a lease that is still ours. KEYS: lease. ARGV: token, ms. Answers 0 when it is not. */
export const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** Gives a lease back that is still ours. KEYS: lease. ARGV: token. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/**
 * Puts another generation of states in force and sends the cursor back to the end of the lake.
 *
 * KEYS: cursor, catalogue, verdicts, laked, marks.
 * ARGV: old cursor, old catalogue ("" = none), new cursor, new catalogue, then origin and position by turns.
 * Answers 0 when a worker moved meanwhile.
 */
export const SWAP = `
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
redis.call('DEL', KEYS[3], KEYS[5])
redis.call('SET', KEYS[4], ARGV[3])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
return 1`;
