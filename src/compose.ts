import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Config } from "./config.ts";
import { PortraitError } from "./errors.ts";
import { compileEventSchemas } from "./events/event-schema.ts";
import { createLimits } from "./http/limits.ts";
import { createOtlpTraces } from "./http/otlp-traces.ts";
import type { Services } from "./http/services.ts";
import type { Log } from "./log.ts";
import { modelOf } from "./scoring/artifact-bytes.ts";
import { createChampionHolder, loadChampions } from "./scoring/champions.ts";
import { createScorer } from "./scoring/scorer.ts";
import type { Segmentation } from "./segments/segmentation.ts";
import { createDiskArtifacts } from "./stores/disk/artifacts.ts";
import { openDiskAudit } from "./stores/disk/audit.ts";
import { loadDeclarations, reducersOf } from "./stores/disk/declarations.ts";
import { createDiskKeys } from "./stores/disk/keys.ts";
import { createDiskSegmentations } from "./stores/disk/segmentation.ts";
import { createParquetLake } from "./stores/lake/parquet-lake.ts";
import { createLayeredArtifacts, pushArtifacts } from "./stores/layered-artifacts.ts";
import { createLayeredSegmentations } from "./stores/layered-segmentations.ts";
import { createRedisAnsweredCalls } from "./stores/redis/answered-calls.ts";
import { createRedisArtifacts } from "./stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "./stores/redis/connect.ts";
import { createRedisErasures } from "./stores/redis/erasures.ts";
import { createRedisEventLog } from "./stores/redis/event-log.ts";
import { createRedisKeptScores } from "./stores/redis/kept-scores.ts";
import { createRedisLimitLeases } from "./stores/redis/limit-leases.ts";
import { createRedisMeasures } from "./stores/redis/measures.ts";
import { pendingEvents } from "./stores/redis/pending-events.ts";
import { createRedisQuarantine } from "./stores/redis/quarantine.ts";
import { createRedisReceipts } from "./stores/redis/receipts.ts";
import { createRetrainQueue } from "./stores/redis/retrain-queue.ts";
import { createRedisSegmentations } from "./stores/redis/segmentation.ts";
import { allConnected } from "./stores/redis/servers.ts";
import { createRedisStateStore } from "./stores/redis/state-store.ts";
import { watchSwaps } from "./stores/redis/swap.ts";

export interface ComposeOptions {
  readonly log: Log;
  /** The Redis to use. Without one, the place where the private Redis of this var folder would be. */
  readonly redisUrl?: string;
  readonly clock?: () => number;
  /** How long to wait for Redis before starting without it: 2 s when one is named. */
  readonly patienceMs?: number;
  /** How often to look for new champions beside the announcements. */
  readonly lookEveryMs?: number;
}

export interface House {
  readonly services: Services;
  /** Closes what was opened, in reverse order. */
  close(): Promise<void>;
}

/**
 * The only place that gives life to long-lived things: opens Redis and the stores, loads the champions, and answers
 * the services that the API is made of.
 *
 * Redis may be away: then the champions come from the disk, features given inline are scored, and what needs Redis is
 * refused with REDIS_AWAY until it is back.
 *
 * @throws PortraitError for declarations or keys that do not hold together
 */
export async function compose(config: Config, options: ComposeOptions): Promise<House> {
  const { log, clock = Date.now, lookEveryMs } = options;
  const patienceMs = options.patienceMs ?? (options.redisUrl === undefined ? 0 : 2_000);
  const redisUrl = options.redisUrl ?? `unix://${join(config.paths.redis, "redis.sock")}`;

  const declarations = loadDeclarations(config.declarations);
  const { tags, recipes, events } = declarations;
  const reducers = reducersOf(declarations);
  const keys = createDiskKeys(config.paths.keys, { admin: config.http.apiKey });

  const redis = connectFailFast(redisUrl);
  if (!(await whenReady(redis, patienceMs))) log.warn({}, "Redis does not answer; scoring inline features without it");

  const { partitions } = config.log;
  const checkEvent = compileEventSchemas(events ?? {});
  const eventLog = createRedisEventLog({ redis, partitions });
  const states = createRedisStateStore({ redis, partitions, digest: reducers.digest });
  const receipts = createRedisReceipts({ redis, keepMs: config.receipts.keepMs });
  const retraining = createRetrainQueue({ redis });

  const audit = openDiskAudit(config.paths.audit, clock);
  const measures = createRedisMeasures(redis, config.log.partitions);
  const randomHex = (bytes: number) => randomBytes(bytes).toString("hex");
  const traces = config.telemetry && createOtlpTraces({ ...config.telemetry, log, clock, randomHex });
  const { perSecond } = config.http;
  const fallback = perSecond > 0 ? { perSecond, burst: Math.max(1, 2 * perSecond) } : undefined;
  const limits = createLimits(createRedisLimitLeases(redis, randomUUID()), fallback);

  const lake = createParquetLake(config.paths.lake);
  const near = createDiskArtifacts(config.paths.artifacts);
  const shared = createRedisArtifacts(redis, clock);
  const artifacts = createLayeredArtifacts(shared, near);
  const nearSegments = createDiskSegmentations(config.paths.segments);
  const segmentations = createLayeredSegmentations(createRedisSegmentations(redis), nearSegments);

  const champions = createChampionHolder();
  let segmentation: Segmentation | undefined;
  let sawRedis = false;
  const said = new Set<string>();
  const complain = (model: string, version: string | undefined, code: string, message: string) => {
    const key = `${model} ${version} ${code}`;
    if (said.has(key)) return;
    said.add(key);
    log.error({ model, version, code, reason: message }, "a version was refused; what answered before goes on");
  };

  /** Compares what is stored with what answers, and swaps whole. */
  async function look(): Promise<void> {
    const ready = redis.status === "ready";
    if (!ready && sawRedis) return; // what was loaded goes on answering
    if (ready) {
      await pushArtifacts(near, shared, (model, version, { code, message }) => complain(model, version, code, message));
      sawRedis = true;
    }
    const before = champions.current();
    const found = await loadChampions(ready ? shared : near, before, (artifact) =>
      createScorer(artifact, modelOf(artifact)),
    );
    for (const { model, version, code, message } of found.refused) complain(model, version, code, message);
    for (const [model, { version }] of found.champions) {
      const old = before.get(model)?.version;
      if (old !== version) log.info({ model, version, before: old }, "a champion answers");
    }
    champions.swap(found.champions);
    segmentation = await newestSegmentation(ready);
  }

  /** One that cannot be read leaves what is in use. */
  async function newestSegmentation(ready: boolean): Promise<Segmentation | undefined> {
    try {
      return await (ready ? segmentations : nearSegments).champion();
    } catch (error) {
      if (!(error instanceof PortraitError) || error.retry) throw error;
      complain("segments", undefined, error.code, error.message);
      return segmentation;
    }
  }

  await look().catch((error: unknown) => {
    if (!(error instanceof PortraitError)) throw error;
    log.warn({ code: error.code, reason: error.message }, "champions could not be looked at");
  });
  const swaps = watchSwaps({ redisUrl, look, everyMs: lookEveryMs, log });

  const services: Services = {
    log,
    clock,
    open: config.http.open,
    keys,
    audit,
    measures,
    ...(traces && { traces }),
    limits,
    reducers,
    recipes,
    tagRules: tags,
    eventLog,
    quarantine: createRedisQuarantine({ redis, clock }),
    ...(checkEvent && { checkEvent }),
    states,
    receipts,
    answered: createRedisAnsweredCalls(redis),
    keptScores: createRedisKeptScores({ redis, partitions }),
    lake,
    pending: (entity) => pendingEvents(redis, partitions, entity),
    erasures: createRedisErasures({ redis, clock, newId: randomUUID }),
    artifacts,
    champions,
    async promote(model, version, why) {
      await artifacts.promote(model, version, why);
      await swaps.look();
    },
    segmentation: () => segmentation,
    retraining,
    redisReady: () => allConnected(redis),
    seed: config.seed,
  };
  return {
    services,
    async close() {
      await swaps.close();
      await retraining.close();
      await lake.close();
      await audit.close();
      await traces?.close();
      redis.disconnect();
    },
  };
}
