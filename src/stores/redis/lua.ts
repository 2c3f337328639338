/**
 * Writes what one chunk of one partition's log came to, all or nothing: states, cursor, duplicate verdicts.
 *
 * Fenced twice: by the cursor (another worker may have moved it) and by the catalogue (a replay may have swapped it).
 *
 * KEYS: cursor, catalogue, verdicts, then n state keys.
 * ARGV: old cursor, new cursor, catalogue in force, n states, then entry and bit mask by turns.
 * Answers 1 when written, 0 when fenced. MSET goes by pieces because Lua unpacks at most some 8,000 values.
 */
export const COMMIT = `
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
local n = #KEYS - 3
local pairs = {}
for i = 1, n do
  pairs[2 * i - 1] = KEYS[3 + i]
  pairs[2 * i] = ARGV[3 + i]
end
for i = 1, 2 * n, 4000 do
  redis.call('MSET', unpack(pairs, i, math.min(2 * n, i + 3999)))
end
for i = 4 + n, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** Renews a lease that is still ours. KEYS: lease. ARGV: token, ms. Answers 0 when it is another's. */
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
 * KEYS: cursor, catalogue, verdicts, laked. ARGV: old cursor, old catalogue ("" = none), new cursor, new catalogue.
 * Answers 0 when a worker moved meanwhile.
 */
export const SWAP = `
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[4], ARGV[3])
return 1`;
