import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { EntryPacker } from "../../events/entry-codec.ts";
import type { Event } from "../../events/event.ts";
import type { EventLog } from "../../events/event-log.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { logKey } from "./keys.ts";
import { onceAgreed } from "./partitions.ts";
import { redisFailure } from "./redis-failure.ts";

export interface RedisEventLogOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** How long an append waits for company before its group is sent. */
  readonly lingerMs?: number;
  /** Events that may wait for Redis's answer before further ones are refused with TOO_BUSY. */
  readonly maxPending?: number;
}

/** A group is sent before its time when it holds this much; an entry is closed when it is this large. */
const GROUP_EVENTS = 4_000;
const ENTRY_BYTES = 1 << 20;
const ENTRY_EVENTS = 2_000;

interface Group {
  readonly entries: [partition: number, bytes: Buffer][];
  readonly packers: Map<number, EntryPacker>;
  readonly waiting: ((error?: unknown) => void)[];
  events: number;
}

const newGroup = (): Group => ({ entries: [], packers: new Map(), waiting: [], events: 0 });

/**
 * The door into the log: all appends that wait within `lingerMs` travel together, as one packed stream entry a
 * partition, and are answered after Redis answered. With `appendfsync always` that answer means on disk, and one
 * fsync serves the whole group.
 *
 * A group fails as a whole: its callers send again with the same ids, and what had arrived is recognised.
 */
export function createRedisEventLog(options: RedisEventLogOptions): EventLog & { pending(): number } {
  const { redis, partitions, lingerMs = 1, maxPending = 100_000 } = options;
  const agreed = onceAgreed(redis, partitions);
  let group = newGroup();
  let timer: NodeJS.Timeout | undefined;
  let pending = 0;

  async function send(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const { entries, packers, waiting, events } = group;
    group = newGroup();
    for (const [partition, packer] of packers) if (packer.count) entries.push([partition, packer.take()]);
    let failure: unknown;
    try {
      await agreed();
      const pipeline = redis.pipeline();
      for (const [partition, bytes] of entries) pipeline.xadd(logKey(partition), "*", "b", bytes);
      for (const [error] of (await pipeline.exec()) ?? []) failure ??= error ?? undefined;
    } catch (error) {
      failure = error;
    }
    pending -= events;
    for (const answer of waiting)
      answer(failure === undefined ? undefined : redisFailure(failure, "the events to be stored"));
  }

  return {
    pending: () => pending,

    append(events) {
      if (events.length === 0) return Promise.resolve();
      if (pending > 0 && pending + events.length > maxPending) {
        return Promise.reject(
          new PortraitError(
            "TOO_BUSY",
            `${pending} events wait for Redis already, and no more than ${maxPending} may. Send again in a moment.`,
            { pending, maxPending },
          ),
        );
      }
      for (const event of events) pack(group, event, partitions);
      pending += events.length;
      group.events += events.length;
      const answered = new Promise<void>((resolve, reject) => {
        group.waiting.push((error) => (error === undefined ? resolve() : reject(error)));
      });
      if (group.events >= GROUP_EVENTS) void send();
      else timer ??= setTimeout(send, lingerMs);
      return answered;
    },
  };
}

function pack({ packers, entries }: Group, event: Event, partitions: number): void {
  const partition = partitionOf(event.entity, partitions);
  const packer = packers.get(partition) ?? new EntryPacker();
  packers.set(partition, packer);
  packer.add(event);
  if (packer.size >= ENTRY_BYTES || packer.count >= ENTRY_EVENTS) entries.push([partition, packer.take()]);
}
