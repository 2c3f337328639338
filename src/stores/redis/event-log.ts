import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { EntryPacker } from "../../events/entry-codec.ts";
import type { Event } from "../../events/event.ts";
import type { EventLog } from "../../events/event-log.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { appendEntries } from "./append-entries.ts";
import { watchLogPressure } from "./log-pressure.ts";
import { onceAgreed } from "./partitions.ts";
import { redisFailure } from "./redis-failure.ts";

export interface RedisEventLogOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** How long an append waits for company before its group is sent. */
  readonly lingerMs?: number;
  /** Events that may wait for Redis's answer before further ones are refused with TOO_BUSY. */
  readonly maxPending?: number;
  /** The same in packed bytes. */
  readonly maxPendingBytes?: number;
  /** What the streams may hold before further events are refused with TOO_BUSY: see `log-pressure.ts`. */
  readonly maxLogBytes?: number;
  readonly lookEveryMs?: number;
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
  bytes: number;
}

const newGroup = (): Group => ({ entries: [], packers: new Map(), waiting: [], events: 0, bytes: 0 });

/**
 * The door into the log: all appends that wait within `lingerMs` travel together, as one packed stream entry a
 * partition, and are answered after Redis answered. With `appendfsync always` that answer means on disk, and one
 * fsync serves the whole group. While a group is under way the next one gathers, and leaves with its answer: so the
 * slower the disk, the larger the groups, and the fewer entries there are to be read again.
 *
 * A group fails as a whole: its callers send again with the same ids, and what had arrived is recognised.
 */
export function createRedisEventLog(options: RedisEventLogOptions): EventLog & { pending(): number } {
  const { redis, partitions, lingerMs = 1, maxPending = 100_000, maxPendingBytes = 64 << 20 } = options;
  const { maxLogBytes, lookEveryMs: everyMs } = options;
  const agreed = onceAgreed(redis, partitions);
  const pressure = watchLogPressure({ redis, partitions, maxLogBytes, everyMs });
  let group = newGroup();
  let timer: NodeJS.Timeout | undefined;
  let underWay = 0;
  let pending = 0;
  let pendingBytes = 0;

  async function send(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const { entries, packers, waiting, events, bytes } = group;
    group = newGroup();
    underWay++;
    for (const [partition, packer] of packers) if (packer.count) entries.push([partition, packer.take()]);
    let failure: unknown;
    try {
      await agreed();
      await appendEntries(redis, entries);
    } catch (error) {
      failure = error;
    }
    pending -= events;
    pendingBytes -= bytes;
    underWay--;
    for (const answer of waiting)
      answer(failure === undefined ? undefined : redisFailure(failure, "the events to be stored"));
    if (underWay === 0 && group.events > 0) void send();
  }

  /** Whether this process holds all that it should, with so many events more. */
  function crowded(more: number): PortraitError | undefined {
    if (pending === 0 || (pending + more <= maxPending && pendingBytes < maxPendingBytes)) return undefined;
    return new PortraitError(
      "TOO_BUSY",
      `${pending} events (${pendingBytes} bytes) wait for Redis already, and no more than ${maxPending} ` +
        `(${maxPendingBytes} bytes) may. Send again in a second.`,
      { pending, maxPending, pendingBytes, maxPendingBytes, retryAfterS: 1 },
    );
  }

  return {
    pending: () => pending,

    refusal: () => pressure.refusal() ?? crowded(0),

    append(events) {
      if (events.length === 0) return Promise.resolve();
      const refusal = pressure.refusal() ?? crowded(events.length);
      if (refusal) return Promise.reject(refusal);
      let bytes = 0;
      for (const event of events) bytes += pack(group, event, partitions);
      pending += events.length;
      pendingBytes += bytes;
      group.events += events.length;
      group.bytes += bytes;
      const answered = new Promise<void>((resolve, reject) => {
        group.waiting.push((error) => (error === undefined ? resolve() : reject(error)));
      });
      if (group.events >= GROUP_EVENTS) void send();
      else if (underWay === 0) timer ??= setTimeout(send, lingerMs);
      return answered;
    },
  };
}

/** @returns how many bytes it took */
function pack({ packers, entries }: Group, event: Event, partitions: number): number {
  const partition = partitionOf(event.entity, partitions);
  const packer = packers.get(partition) ?? new EntryPacker();
  packers.set(partition, packer);
  const before = packer.size;
  packer.add(event);
  const bytes = packer.size - before;
  if (packer.size >= ENTRY_BYTES || packer.count >= ENTRY_EVENTS) entries.push([partition, packer.take()]);
  return bytes;
}
