import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";
import { partitionOf } from "../../events/partition-of.ts";
import type { Reach } from "../../events/reach.ts";
import { openStored } from "../../features/stored-value.ts";
import { compareEntries, type EntryId, NO_ENTRY, parseEntry } from "../entry-id.ts";
import { appendErasure } from "./append-erasure.ts";
import { cataloguesInForce } from "./generations.ts";
import { cursorKey, idsKey, lakedKey, stateKey } from "./keys.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { whenApplied, workerIsThere } from "./when-applied.ts";

export interface EraseEntityOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** What says how far the entity was erased: the worker writes it down when it is the erasure's turn. */
  readonly untilOf: (erasure: string) => Reach | undefined;
  readonly pauseMs?: number;
}

/**
 * Puts an erasure into the log, and waits until it was its turn, and the lake holds all that was before it. Then no
 * state of the entity is left but what events made that came later, and the streams begin after it.
 *
 * What is in the log already is applied before, so that events on their way to a second entity do not come too late.
 *
 * @throws PortraitError WORKER_AWAY when nobody applies the log; CONFIG_INVALID when the worker writes another lake
 */
export async function eraseEntity(options: EraseEntityOptions, id: string, entity: EntityRef): Promise<void> {
  const { redis, partitions, untilOf, pauseMs = 50 } = options;
  await agreeOnPartitions(redis, partitions);
  if (!(await whenApplied(redis, partitions, 0))) throw noWorker();
  await sweepNext(redis, partitions, entity);
  const entries = await appendErasure(redis, partitions, { id, entity });
  await reached(redis, entries, cursorKey, pauseMs);
  const until = untilOf(id);
  if (!until) throw anotherLake();
  const ends = entries.map((entry, partition): EntryId => {
    const line = until.find((one) => one.partition === partition);
    return line && compareEntries(line.position, entry) > 0 ? line.position : entry;
  });
  await reached(redis, ends, lakedKey, pauseMs);
}

async function reached(
  redis: Redis,
  ends: readonly EntryId[],
  keyOf: (partition: number) => string,
  pauseMs: number,
): Promise<void> {
  for (let alone = 0; ; ) {
    const places = await Promise.all(ends.map((_, partition) => redis.get(keyOf(partition))));
    if (places.every((text, i) => compareEntries(parseEntry(text ?? "") ?? NO_ENTRY, ends[i]) >= 0)) return;
    alone = (await workerIsThere(redis)) ? 0 : alone + 1;
    if (alone * pauseMs > 2_000) throw noWorker();
    await sleep(pauseMs);
  }
}

/** Deletes what a replay that died has left of an entity in the generation that it was making. */
async function sweepNext(redis: Redis, partitions: number, entity: EntityRef): Promise<void> {
  const partition = partitionOf(entity, partitions);
  const next = 1 + ((await cataloguesInForce(redis, partitions))[partition]?.generation ?? 0);
  const left = stateKey(partition, next, entity);
  const value = await redis.getBuffer(left);
  const days = value ? openStored(value).ids.sealedDays() : [];
  await redis.unlink(left, ...days.map((day) => idsKey(partition, next, day, entity)));
}

const noWorker = () =>
  new PortraitError(
    "WORKER_AWAY",
    "Wanted a worker that applies the log, found none: what is erased takes its turn there. Start `portrait work` " +
      "(or `portrait up`), then ask again.",
  );

const anotherLake = () =>
  new PortraitError(
    "CONFIG_INVALID",
    "The worker has applied the erasure, but this lake was not told: it writes another one. Point PORTRAIT_VAR at the " +
      "folder that the worker writes to, then ask again.",
  );
