import { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { unpackEntry } from "../../events/entry-codec.ts";
import { entityKey } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import type { LoggedText } from "../../events/logged-text.ts";
import { SipHash } from "../../events/siphash.ts";
import { type ApplyRules, applyChunk, oldEvents, openEntities } from "../../features/apply-chunk.ts";
import type { Log } from "../../log.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY, nextEntry, parseEntry } from "../entry-id.ts";
import { Fenced } from "../fenced.ts";
import { createLakeWriter, type LakeWriter } from "../lake/lake-writer.ts";
import { type CatalogueInForce, catalogueText, parseCatalogue, wantCatalogue } from "./catalogue.ts";
import { redisOptions } from "./connect.ts";
import type { IngestCounts, IngestWorkerOptions, Waiter } from "./ingest-worker.ts";
import { catalogueKey, cursorKey, lakedKey, logKey, stateKey, verdictsKey } from "./keys.ts";
import { type Lease, waitForLease } from "./lease.ts";
import { COMMIT } from "./lua.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { logSecret } from "./secret.ts";
import { Unlaked } from "./unlaked.ts";

export type FaultPoint = "before-commit" | "after-commit" | "before-claim" | "after-claim" | "before-trim";

export interface IngestSession {
  /** Applies until told to stop, or throws. Either way nothing of the session is left running. */
  run(stop: AbortSignal, waiters: Waiter[]): Promise<void>;
}

/** Events that one read should bring of each partition, and the most entries (commit groups) it may ask for. */
const CHUNK_EVENTS = 2_000;
const CHUNK_ENTRIES = 200;
const GAP_ENTRIES = 200;
/** How long a read waits for news: no news is what lets it look at the clock. */
const BLOCK_MS = 40;

type Connection = Redis & { commit(...args: (string | number | Buffer)[]): Promise<number> };

/** One partition as this session sees it. */
interface Partition {
  readonly index: number;
  readonly catalogue: CatalogueInForce;
  cursor: EntryId;
  readonly unlaked: Unlaked;
  /** Entries with verdicts in Redis, oldest first. */
  verdicts: EntryId[];
}

/** A connection that never resends by itself: what became of a command is read from the cursors, not guessed. */
function connectOnce(url: string): Redis {
  const redis = new Redis({
    ...redisOptions(url),
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    connectTimeout: 2_000,
    lazyConnect: true,
  });
  redis.on("error", () => {});
  return redis;
}

/**
 * One stay at the log: from cursors read to the first doubt.
 *
 * A session holds memory (rows not yet in the lake) that is only right as long as every command's outcome is known.
 * So any failure ends it, and the next session rebuilds that memory from the log itself: from the end of the lake to
 * the cursor, with the recorded verdicts.
 *
 * @param token names the worker to the lease, so that its next session takes the lease over at once
 */
export async function openIngestSession(
  options: IngestWorkerOptions,
  token: string,
  counts: IngestCounts,
  log: Log,
): Promise<IngestSession> {
  const { redisUrl, partitions, lakeDir, flushMs, flushRows, reducer, leaseMs = 10_000, fault } = options;
  const reader = connectOnce(redisUrl);
  const writer = connectOnce(redisUrl) as Connection;
  writer.defineCommand("commit", { lua: COMMIT });
  let lake: LakeWriter | undefined;
  let eventsAnEntry = 50; // measured as it goes: entries hold from one event to thousands

  const leave = () => {
    reader.disconnect();
    writer.disconnect();
    lake?.close();
    lake = undefined;
  };

  try {
    await Promise.all([reader.connect(), writer.connect()]);
    await agreeOnPartitions(writer, partitions);
    lake = await createLakeWriter({ dir: lakeDir, fault: (point) => fault?.(point) });
    for (const partition of (await lake.ends()).keys()) {
      if (partition < partitions) continue;
      throw new PortraitError(
        "CONFIG_INVALID",
        `The lake has a partition ${partition}, PORTRAIT_PARTITIONS says ${partitions}: wanted the number it was written with.`,
        { partition, partitions },
      );
    }
    await checkCatalogues(writer, partitions, reducer.digest);
  } catch (error) {
    leave();
    throw error;
  }
  const parts = lake;

  return {
    async run(stop, waiters) {
      let failed: unknown;
      let lease: Lease | undefined;
      const onLost = () => {
        failed ??= new Fenced("the lease went to another worker");
        reader.disconnect(); // wakes the read that waits
      };
      const onStandby = () => {
        counts.state = "standby";
      };
      try {
        if (leaseMs > 0) {
          lease = await waitForLease(writer, token, leaseMs, stop, onLost, onStandby);
          if (!lease) return;
        }
        await work(stop, waiters, () => failed);
      } finally {
        await lease?.release();
        leave();
      }
    },
  };

  async function work(stop: AbortSignal, waiters: Waiter[], failure: () => unknown): Promise<void> {
    const rules: ApplyRules = {
      reducer,
      horizonDays: Math.ceil(options.knownIdsMs / 86_400_000),
      hash: new SipHash(await logSecret(writer)),
    };
    const own = await openPartitions();
    counts.state = "running";
    let flushing: Promise<void> | undefined;
    let flushFailure: unknown;
    let lastFlush = performance.now();
    const unlaked = () => own.reduce((sum, partition) => sum + partition.unlaked.rows, 0);

    // One flush at a time: a later part that overtook an earlier one would move the end of the lake past rows
    // that were never written.
    const startFlush = () => {
      lastFlush = performance.now();
      flushing ??= flush(own)
        .catch((error) => {
          flushFailure = error;
        })
        .finally(() => {
          flushing = undefined;
        });
      return flushing;
    };
    const wholeFlush = async () => {
      await flushing;
      await startFlush();
      if (flushFailure) throw flushFailure;
    };

    try {
      while (!stop.aborted) {
        const waiting = waiters.length;
        const news = await read(own);
        if (failure()) throw failure();
        if (flushFailure) throw flushFailure;
        if (news) {
          const done = await Promise.allSettled(
            news.map(([partition, entries]) => apply(own[partition], entries, rules)),
          );
          for (const one of done) if (one.status === "rejected") throw one.reason;
        } else if (waiting > 0) {
          await wholeFlush();
          for (const { resolve } of waiters.splice(0, waiting)) resolve();
        }
        counts.unflushed = unlaked();
        if (counts.unflushed > 0 && (performance.now() - lastFlush > flushMs || counts.unflushed >= flushRows)) {
          const flush = startFlush();
          if (counts.unflushed >= 4 * flushRows) await flush; // the lake must not fall behind without bound
        }
      }
      await wholeFlush();
      counts.unflushed = unlaked();
    } finally {
      await flushing;
    }
  }

  /** News of all partitions, or undefined when there is none for a moment. */
  async function read(own: readonly Partition[]): Promise<[partition: number, entries: Entry[]][] | undefined> {
    const keys = own.map(({ index }) => logKey(index));
    const cursors = own.map(({ cursor }) => entryText(cursor));
    const answer = (await reader.xreadBuffer(
      "COUNT",
      Math.max(1, Math.min(CHUNK_ENTRIES, Math.round(CHUNK_EVENTS / eventsAnEntry))),
      "BLOCK",
      BLOCK_MS,
      "STREAMS",
      ...keys,
      ...cursors,
    )) as unknown as [Buffer, RawEntry[]][] | null;
    if (!answer) return undefined;
    const news = answer.map(([key, raw]): [number, Entry[]] => {
      const partition = keys.indexOf(key.toString());
      return [partition, raw.map((one) => toEntry(one, partition))];
    });
    const entries = news.flatMap(([, some]) => some);
    const mean = entries.reduce((sum, { events }) => sum + events.length, 0) / entries.length;
    eventsAnEntry = Math.max(1, (eventsAnEntry + mean) / 2, mean);
    return news;
  }

  async function apply(partition: Partition, entries: readonly Entry[], rules: ApplyRules): Promise<void> {
    const { index, catalogue, cursor } = partition;
    const events = entries.flatMap((entry) => entry.events);
    const last = entries[entries.length - 1].id;

    const stored = new Map<string, Uint8Array>();
    const entities = new Map(events.map(({ entity }) => [entityKey(entity), entity]));
    if (entities.size > 0) {
      const keys = [...entities.keys()];
      const values = await writer.mgetBuffer(
        ...[...entities.values()].map((entity) => stateKey(index, catalogue.generation, entity)),
      );
      values.forEach((value, i) => {
        if (value) stored.set(keys[i], value);
      });
    }
    const opened = openEntities(events, stored, rules);
    const held = await heldByLog(partition, oldEvents(events, opened, rules));
    const { values, duplicate } = applyChunk(events, opened, held, rules);

    const masks = verdictMasks(entries, duplicate);
    const keys = [...values.values()].map(({ entity }) => stateKey(index, catalogue.generation, entity));
    await fault?.("before-commit");
    const committed = await writer.commit(
      3 + keys.length,
      cursorKey(index),
      catalogueKey(index),
      verdictsKey(index),
      ...keys,
      entryText(cursor),
      entryText(last),
      catalogueText(catalogue),
      ...[...values.values()].map(({ bytes }) => bytes),
      ...masks.flatMap(([id, mask]) => [entryText(id), mask]),
    );
    if (committed !== 1) throw new Fenced(`partition ${index} moved on from ${entryText(cursor)}`);
    await fault?.("after-commit");

    partition.cursor = last;
    partition.verdicts.push(...masks.map(([id]) => id));
    let i = 0;
    for (const { id, events } of entries) {
      const accepted = events.filter((_, j) => duplicate[i + j] === 0);
      partition.unlaked.add(id, events.length, accepted);
      i += events.length;
      counts.applied += accepted.length;
      counts.duplicates += events.length - accepted.length;
    }
    counts.lagMs = Math.max(0, Date.now() - last.ms);
  }

  /** Which of these events the log holds already: in the lake, or applied and on their way there. */
  async function heldByLog(partition: Partition, old: readonly LoggedText[]): Promise<Set<LoggedEvent>> {
    if (old.length === 0) return new Set();
    const waiting = old.filter((event) => partition.unlaked.has(event)); // first: a part may be claimed meanwhile
    const found = await parts.find(partition.index, old);
    return new Set<LoggedEvent>([...waiting, ...old.filter((_, i) => found.has(i))]);
  }

  async function flush(own: readonly Partition[]): Promise<void> {
    for (const partition of own) {
      const stretch = partition.unlaked.take();
      if (!stretch) continue;
      await parts.write(stretch);
      partition.unlaked.written();
      counts.parts++;
      counts.laked += stretch.rows.length;
      await fault?.("before-trim");
      await settle(partition, stretch.last);
    }
  }

  /** The lake reaches to `end`: the stream before it and the verdicts about it have done their work. */
  async function settle(partition: Partition, end: EntryId): Promise<void> {
    const done = partition.verdicts.filter((id) => compareEntries(id, end) <= 0);
    partition.verdicts = partition.verdicts.filter((id) => compareEntries(id, end) > 0);
    // first the mark, then the trimming: a folder that ends before the mark has lost parts
    const pipeline = writer.multi().set(lakedKey(partition.index), entryText(end));
    pipeline.xtrim(logKey(partition.index), "MINID", entryText(nextEntry(end)));
    for (let i = 0; i < done.length; i += 1_000)
      pipeline.hdel(verdictsKey(partition.index), ...done.slice(i, i + 1_000).map(entryText));
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  /** Cursors from Redis, the end of the lake from the folder, and what lies between them from the log. */
  async function openPartitions(): Promise<Partition[]> {
    const ends = await parts.ends();
    const own: Partition[] = [];
    for (let index = 0; index < partitions; index++) {
      const [cursorText, catalogueIs, lakedText] = await writer.mget(
        cursorKey(index),
        catalogueKey(index),
        lakedKey(index),
      );
      const cursor = wantEntry(cursorText ?? "0-0");
      const laked = wantEntry(lakedText ?? "0-0");
      const end: EntryId = ends.get(index) ?? NO_ENTRY;
      if (compareEntries(end, cursor) > 0) throw lakeAhead(index, end, cursor);
      if (compareEntries(end, laked) < 0) throw await unlessMoved(index, end, lakeBehind(index, end, laked));
      const catalogue = await catalogueOf(index, catalogueIs);
      const partition: Partition = {
        index,
        catalogue,
        cursor,
        unlaked: new Unlaked(index, { ms: end.ms, seq: end.seq }),
        verdicts: [],
      };
      await refill(partition, end);
      own.push(partition);
    }
    return own;
  }

  /** A rival that wrote a part after we read the folder makes our readings disagree: nothing is lost but our turn. */
  async function unlessMoved(index: number, end: EntryId, broken: PortraitError): Promise<Error> {
    const now = (await parts.ends()).get(index) ?? NO_ENTRY;
    return compareEntries(now, end) > 0 ? new Fenced(`partition ${index} reached ${entryText(now)}`) : broken;
  }

  async function catalogueOf(index: number, text: string | null): Promise<CatalogueInForce> {
    const found = text ? parseCatalogue(text) : undefined;
    if (found?.digest === reducer.digest) return found;
    if (found) wantCatalogue(found, reducer.digest);
    const fresh = { generation: 1, digest: reducer.digest };
    await writer.set(catalogueKey(index), catalogueText(fresh), "NX");
    return parseCatalogue((await writer.get(catalogueKey(index))) ?? catalogueText(fresh));
  }

  async function refill(partition: Partition, end: EntryId): Promise<void> {
    const { index, cursor, unlaked } = partition;
    const masks = await writer.hgetallBuffer(verdictsKey(index));
    partition.verdicts = Object.keys(masks).map(wantEntry).sort(compareEntries);
    let from = end;
    while (compareEntries(from, cursor) < 0) {
      const raw = (await writer.xrangeBuffer(
        logKey(index),
        `(${entryText(from)}`,
        entryText(cursor),
        "COUNT",
        GAP_ENTRIES,
      )) as unknown as RawEntry[];
      if (raw.length === 0) break;
      for (const one of raw) {
        const { id, events } = toEntry(one, index);
        const mask = masks[entryText(id)];
        unlaked.add(id, events.length, mask ? events.filter((_, i) => ((mask[i >> 3] >> (i & 7)) & 1) === 0) : events);
        from = id;
      }
    }
    if (compareEntries(from, cursor) < 0) throw await unlessMoved(index, end, gapLost(index, from, cursor));
    // a worker that ended between the claim of a part and the trimming left the trimming to us
    if (compareEntries(end, NO_ENTRY) > 0) await settle(partition, end);
    log.debug({ partition: index, rows: unlaked.rows }, "partition opened");
  }
}

type RawEntry = [id: Buffer, fields: Buffer[]];

interface Entry {
  readonly id: EntryId;
  readonly events: readonly LoggedText[];
}

function toEntry([rawId, fields]: RawEntry, partition: number): Entry {
  const id = wantEntry(rawId.toString());
  return { id, events: unpackEntry(fields[1], partition, id.ms, id.seq) };
}

export function wantEntry(text: string): EntryId {
  const id = parseEntry(text);
  if (!id) throw new PortraitError("LOG_BROKEN", `Wanted a stream entry id in Redis, found "${text.slice(0, 40)}".`);
  return id;
}

/** One bit an event, set for duplicates; only entries that have some. */
function verdictMasks(entries: readonly Entry[], duplicate: Uint8Array): [EntryId, Buffer][] {
  const masks: [EntryId, Buffer][] = [];
  let at = 0;
  for (const { id, events } of entries) {
    let mask: Buffer | undefined;
    for (let i = 0; i < events.length; i++) {
      if (duplicate[at + i] === 0) continue;
      mask ??= Buffer.alloc((events.length + 7) >> 3);
      mask[i >> 3] |= 1 << (i & 7);
    }
    if (mask) masks.push([id, mask]);
    at += events.length;
  }
  return masks;
}

async function checkCatalogues(redis: Redis, partitions: number, digest: string): Promise<void> {
  const found = await redis.mget(...Array.from({ length: partitions }, (_, index) => catalogueKey(index)));
  for (const text of found) if (text) wantCatalogue(parseCatalogue(text), digest);
}

const lakeAhead = (partition: number, end: EntryId, cursor: EntryId) =>
  new PortraitError(
    "LOG_BROKEN",
    `The lake holds partition ${partition} up to ${entryText(end)}, but the states in Redis end at ${entryText(cursor)}: ` +
      "Redis has lost what it knew. Run `portrait replay` to rebuild the states from the lake.",
    { partition, lake: entryText(end), cursor: entryText(cursor) },
  );

export const lakeBehind = (partition: number, end: EntryId, laked: EntryId) =>
  new PortraitError(
    "LAKE_BROKEN",
    `The lake ends at ${entryText(end)} in partition ${partition}, but it reached ${entryText(laked)} before: ` +
      "parts are missing, and the log before that is gone. Restore the folder, or point PORTRAIT_VAR at the right one.",
    { partition, lake: entryText(end), reached: entryText(laked) },
  );

const gapLost = (partition: number, from: EntryId, cursor: EntryId) =>
  new PortraitError(
    "LOG_BROKEN",
    `The log of partition ${partition} ends at ${entryText(from)}, before the cursor ${entryText(cursor)}: entries that ` +
      "are not in the lake are gone from Redis. Restore Redis, or run `portrait replay` to go on with what the lake holds.",
    { partition, from: entryText(from), cursor: entryText(cursor) },
  );
