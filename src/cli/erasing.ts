import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Config } from "../config.ts";
import { type EraseNeeds, erasePerson } from "../erasure/erase-person.ts";
import { startErasing } from "../erasure/start-erasing.ts";
import type { Reducers } from "../features/reducers.ts";
import type { Log } from "../log.ts";
import { openDiskAudit } from "../stores/disk/audit.ts";
import { connectFailFast } from "../stores/redis/connect.ts";
import { createRedisErasures } from "../stores/redis/erasures.ts";
import { rewriteAppendOnly } from "../stores/redis/forget-bytes.ts";
import { createRedisKeptScores } from "../stores/redis/kept-scores.ts";
import { createRedisQuarantine } from "../stores/redis/quarantine.ts";
import { createRedisReceipts } from "../stores/redis/receipts.ts";

/** All that an erasure reaches into, over one connection. */
export function eraseNeedsOf(config: Config, redis: Redis, reducers: Reducers, audit: AuditLog): EraseNeeds {
  const { partitions } = config.log;
  return {
    redis,
    partitions,
    paths: config.paths,
    reducers,
    receipts: createRedisReceipts({ redis, keepMs: config.receipts.keepMs }),
    quarantine: createRedisQuarantine({ redis }),
    keptScores: createRedisKeptScores({ redis, partitions }),
    audit,
    clock: Date.now,
    newId: randomUUID,
  };
}

/** Does the erasures that were asked for over HTTP. @returns close: waits for the one in hand */
export function erasing(
  config: Config,
  options: {
    readonly redisUrl: string;
    readonly reducers: Reducers;
    readonly log: Log;
    readonly everyMs?: number;
    readonly onProgress?: EraseNeeds["onProgress"];
  },
): () => Promise<void> {
  const { redisUrl, reducers, log, everyMs, onProgress } = options;
  const redis = connectFailFast(redisUrl);
  const audit = openDiskAudit(config.paths.audit);
  const needs = eraseNeedsOf(config, redis, reducers, audit);
  const close = startErasing({
    queue: createRedisErasures({ redis, clock: Date.now, newId: randomUUID }),
    erase: ({ entity, ...asked }) => erasePerson(entity, asked, { ...needs, ...(onProgress && { onProgress }) }),
    settled: () => rewriteAppendOnly(redis),
    log,
    ...(everyMs !== undefined && { everyMs }),
  });
  return async () => {
    await close();
    redis.disconnect();
    await audit.close();
  };
}
