import type { Redis } from "ioredis";
import { type EntityRef, sameEntity } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { entryText } from "../entry-id.ts";
import { type RawEntry, toEntry } from "./ingest-entry.ts";
import { logKey } from "./keys.ts";
import { redisFailure } from "./redis-failure.ts";

const PAGE = 200;

/**
 * The events of an entity that its partition's stream still holds: those that wait, those that are on their way to the
 * lake, and those sent twice. Cost: reads the stream.
 *
 * @throws PortraitError REDIS_AWAY, LOG_BROKEN
 */
export async function pendingEvents(redis: Redis, partitions: number, entity: EntityRef): Promise<LoggedEvent[]> {
  const partition = partitionOf(entity, partitions);
  const found: LoggedEvent[] = [];
  try {
    for (let from = "-"; ; ) {
      const raw = (await redis.xrangeBuffer(logKey(partition), from, "+", "COUNT", PAGE)) as unknown as RawEntry[];
      for (const one of raw) {
        const { id, events, erasure } = toEntry(one, partition);
        if (erasure?.entity && sameEntity(erasure.entity, entity)) found.length = 0;
        found.push(...events.filter((event) => sameEntity(event.entity, entity)));
        from = `(${entryText(id)}`;
      }
      if (raw.length < PAGE) return found;
    }
  } catch (error) {
    throw redisFailure(error, "the events of an entity");
  }
}
