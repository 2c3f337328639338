import type { Redis } from "ioredis";
import { EntryPacker, unpackEntry } from "../../events/entry-codec.ts";
import { sameEntity } from "../../events/event.ts";
import type { Quarantine, Quarantined } from "../../events/quarantine.ts";
import { parseEntry } from "../entry-id.ts";
import { QUARANTINE_BOUNDS } from "../memory/quarantine.ts";
import { redisFailure } from "./redis-failure.ts";

/** A stream: an entry is one event, packed as in the log (`e`), and why it was set aside (`r`). */
export const QUARANTINE_KEY = "quarantine";
const PAGE = 500;
/** Commands of one pipeline. */
const GROUP = 1_000;

type Entry = [id: Buffer, fields: Buffer[]];

/**
 * Events that broke their schema, in a Redis stream beside the log: as durable as that, bounded by number and age, and
 * no event's content leaves the store but through `list` and `load`.
 *
 * @throws PortraitError REDIS_AWAY, REDIS_FULL
 */
export function createRedisQuarantine(options: {
  readonly redis: Redis;
  readonly most?: number;
  readonly keepMs?: number;
  /** ms since 1970 UTC; the ages are those of Redis's own clock, which names the entries */
  readonly clock?: () => number;
}): Quarantine {
  const { redis, most = QUARANTINE_BOUNDS.most, keepMs = QUARANTINE_BOUNDS.keepMs, clock = Date.now } = options;
  const oldest = () => String(Math.max(0, clock() - keepMs));

  async function asked<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      throw redisFailure(error, "what is in quarantine");
    }
  }

  async function page(after: string | undefined): Promise<Entry[]> {
    const from = after === undefined ? oldest() : `(${after}`;
    return (await redis.xrangeBuffer(QUARANTINE_KEY, from, "+", "COUNT", PAGE)) as unknown as Entry[];
  }

  /** All that waits, oldest first. */
  async function* all(after?: string): AsyncGenerator<Quarantined> {
    for (let last = after; ; ) {
      const entries = await page(last);
      for (const entry of entries) yield read(entry);
      if (entries.length < PAGE) return;
      last = entries[entries.length - 1][0].toString();
    }
  }

  const remove = (ids: readonly string[]) =>
    asked(async () => {
      let removed = 0;
      const known = ids.filter((id) => parseEntry(id) !== undefined);
      for (let i = 0; i < known.length; i += GROUP)
        removed += await redis.xdel(QUARANTINE_KEY, ...known.slice(i, i + GROUP));
      return removed;
    });

  return {
    put: (unfit) =>
      asked(async () => {
        for (let i = 0; i < unfit.length; i += GROUP) {
          const pipeline = redis.pipeline();
          for (const { event, reason } of unfit.slice(i, i + GROUP)) {
            const packer = new EntryPacker();
            packer.add(event);
            pipeline.xadd(QUARANTINE_KEY, "MAXLEN", "~", most, "*", "e", packer.take(), "r", reason);
          }
          pipeline.xtrim(QUARANTINE_KEY, "MINID", "~", oldest());
          for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
        }
      }),

    list: ({ after, name, limit }) =>
      asked(async () => {
        const found: Quarantined[] = [];
        if (after !== undefined && !parseEntry(after)) return found;
        for await (const one of all(after)) {
          if (found.length >= limit) break;
          if (name === undefined || one.event.name === name) found.push(one);
        }
        return found;
      }),

    load: (id) =>
      asked(async () => {
        const place = parseEntry(id);
        if (!place || place.ms < Number(oldest())) return undefined;
        const [entry] = (await redis.xrangeBuffer(QUARANTINE_KEY, id, id)) as unknown as Entry[];
        return entry && read(entry);
      }),

    remove,

    forget: (entity) =>
      asked(async () => {
        const ids: string[] = [];
        for await (const one of all("0-0")) if (sameEntity(one.event.entity, entity)) ids.push(one.id);
        return remove(ids);
      }),
  };
}

function read([id, fields]: Entry): Quarantined {
  const name = id.toString();
  const place = parseEntry(name) ?? { ms: 0, seq: 0 };
  const [logged] = unpackEntry(fields[1], 0, place.ms, place.seq);
  const { id: messageId, name: event, entity, at, known, properties } = logged;
  return {
    id: name,
    at: place.ms,
    reason: fields[3].toString(),
    event: { id: messageId, name: event, entity, at, known, properties },
  };
}
