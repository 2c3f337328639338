import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import type { ArtifactStore, Promotion } from "../../scoring/artifact.ts";
import { checkArtifact, manifestBytes } from "../../scoring/artifact-bytes.ts";
import { redisFailure } from "./redis-failure.ts";
import { SWAP_CHANNEL } from "./swap.ts";

/**
 * One hash tag for all: a version, the list of versions and the pointer change together in one script.
 *
 * - `version:<model>:<version>`: hash; `manifest` and `file:<name>` hold bytes
 * - `versions:<model>`: sorted set, by name
 * - `names`: the models
 * - `champions`: hash model → version
 * - `history:<model>`: list of { version, why, at }, newest first
 */
const TAG = "{portrait-models}";
const versionKey = (model: string, version: string) => `${TAG}:version:${model}:${version}`;
const versionsKey = (model: string) => `${TAG}:versions:${model}`;
const historyKey = (model: string) => `${TAG}:history:${model}`;
const NAMES = `${TAG}:names`;
const CHAMPIONS = `${TAG}:champions`;
const FILE = "file:";

/** KEYS version, versions, names · ARGV model, version, manifest, then field and value of each file. */
const SAVE = `
local there = redis.call('HGET', KEYS[1], 'manifest')
if there then return there == ARGV[3] and 1 or 0 end
redis.call('HSET', KEYS[1], 'manifest', ARGV[3])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('SADD', KEYS[3], ARGV[1])
return 1`;

/** KEYS version, champions, history · ARGV model, version, history line, channel. */
const PROMOTE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('LPUSH', KEYS[3], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1`;

const unknown = (model: string, version: string) =>
  new PortraitError(
    "VERSION_UNKNOWN",
    `Wanted version ${version} of ${model}, but no such version is stored in Redis`,
    {
      model,
      version,
    },
  );

/**
 * Versions in Redis: how a model reaches an API on another host. Each save and each promotion is one script, so it
 * is there whole or not at all; a promotion is announced to the API processes in the same step.
 *
 * @param redis a fail-fast connection, not closed here
 */
export function createRedisArtifacts(redis: Redis, clock: () => number = Date.now): ArtifactStore {
  async function ask<A>(wanted: string, work: () => Promise<A>): Promise<A> {
    try {
      return await work();
    } catch (error) {
      throw redisFailure(error, wanted);
    }
  }

  return {
    save: (artifact) =>
      ask("to store a model version", async () => {
        const { model, version } = artifact.manifest;
        const fields = [...artifact.files].flatMap(([name, bytes]) => [`${FILE}${name}`, Buffer.from(bytes)]);
        const keys = [versionKey(model, version), versionsKey(model), NAMES];
        const manifest = Buffer.from(manifestBytes(artifact.manifest));
        if ((await redis.eval(SAVE, 3, ...keys, model, version, manifest, ...fields)) === 0)
          throw new PortraitError(
            "INPUT_INVALID",
            `Version ${version} of ${model} is stored already, with another content. A version never changes: save under a new name.`,
            { model, version },
          );
      }),

    load: (model, version) =>
      ask("to read a model version", async () => {
        const hash = await redis.hgetallBuffer(versionKey(model, version));
        const { manifest, ...rest } = hash;
        if (manifest === undefined) throw unknown(model, version);
        const files = new Map<string, Uint8Array>();
        for (const [field, bytes] of Object.entries(rest)) files.set(field.slice(FILE.length), new Uint8Array(bytes));
        return checkArtifact(manifest, files);
      }),

    models: () => ask("to list the models", async () => (await redis.smembers(NAMES)).toSorted()),

    versions: (model) => ask("to list the versions of a model", () => redis.zrevrange(versionsKey(model), 0, -1)),

    champion: (model) =>
      ask("to read which version answers", async () => (await redis.hget(CHAMPIONS, model)) ?? undefined),

    history: (model) =>
      ask("to read the promotions of a model", async () =>
        (await redis.lrange(historyKey(model), 0, -1)).map((line) => JSON.parse(line) as Promotion),
      ),

    promote: (model, version, why) =>
      ask("to promote a version", async () => {
        const line = JSON.stringify({ version, why, at: new Date(clock()).toISOString() } satisfies Promotion);
        const keys = [versionKey(model, version), CHAMPIONS, historyKey(model)];
        if ((await redis.eval(PROMOTE, 3, ...keys, model, version, line, SWAP_CHANNEL)) === 0)
          throw unknown(model, version);
      }),
  };
}
