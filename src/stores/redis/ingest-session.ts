import { PortraitError } from "../../errors.ts";
import { SipHash } from "../../events/siphash.ts";
import type { ApplyRules } from "../../features/apply-chunk.ts";
import type { Log } from "../../log.ts";
import { Fenced } from "../fenced.ts";
import { createLakeWriter, type LakeWriter } from "../lake/lake-writer.ts";
import { createParquetLake } from "../lake/parquet-lake.ts";
import type { PartCache } from "../lake/parts.ts";
import { checkGenerations } from "./generations.ts";
import { applyNews } from "./ingest-chunk.ts";
import { startCompaction } from "./ingest-compaction.ts";
import { connectOnce } from "./ingest-connection.ts";
import { flush } from "./ingest-flush.ts";
import { openPartition, type Partition } from "./ingest-partition.ts";
import { createNewsReader, type Round } from "./ingest-read.ts";
import { createTurns } from "./ingest-turns.ts";
import type { IngestCounts, IngestWorkerOptions, Waiter } from "./ingest-worker.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { recoverIfLost } from "./recover.ts";
import { redisFailure } from "./redis-failure.ts";
import { logSecret } from "./secret.ts";
import { openShares, type Shares } from "./shares.ts";

export interface IngestSession {
  /** Applies until told to stop, or throws. Either way nothing of the session is left running. */
  run(stop: AbortSignal, waiters: Waiter[]): Promise<void>;
}

/** What outlives a session. */
export interface IngestLife {
  /** Names the worker to its leases, so that its next session has them at once. */
  readonly token: string;
  readonly counts: IngestCounts;
  readonly log: Log;
  /** What the lake's parts say of themselves, so that the next session reads only what is new. */
  readonly footers: PartCache;
  /** Told that Redis is there, before the rest of the opening, which may take longer than Redis stays. */
  readonly onAnswer: () => void;
}

/** How long a worker without partitions waits before it looks again. */
const STANDBY_MS = 25;

/**
 * How many connections the chunks of a worker share, those of one partition always the same, and over how many it reads
 * what is long. In one turn of its loop Redis writes 64 KB to each and reads some 32 KB; with a slow disk a turn takes
 * milliseconds, and one connection would not do.
 */
const LINES = 4;

/**
 * One stay at the log: from cursors read to the first doubt.
 *
 * A session holds memory (rows not yet in the lake) that is only right as long as every command's outcome is known.
 * So any failure ends it, and the next session rebuilds that memory from the log itself: from the end of the lake to
 * the cursor, with the recorded verdicts.
 *
 */
export async function openIngestSession(
  options: IngestWorkerOptions,
  { token, counts, log, footers, onAnswer }: IngestLife,
): Promise<IngestSession> {
  const { redisUrl, partitions, lakeDir, flushMs, flushRows, reducers, leaseMs = 10_000, fault, without } = options;
  const several = () => Array.from({ length: LINES }, () => connectOnce(redisUrl));
  const [reader, ...moreReaders] = several();
  const lines = several();
  const [redis] = lines;
  const connections = [reader, ...moreReaders, ...lines];
  let lake: LakeWriter | undefined;

  const leave = () => {
    for (const connection of connections) connection.disconnect();
    lake?.close();
    lake = undefined;
  };

  try {
    await Promise.all(connections.map((connection) => connection.connect()));
    await agreeOnPartitions(redis, partitions);
    onAnswer();
    lake = await createLakeWriter({
      dir: lakeDir,
      footers,
      fault: (point) => fault?.(point),
      withoutClaim: without === "claim",
      withoutFollow: without === "claim" || without === "follow",
      withoutPredecessor: without === "predecessor",
    });
    for (const partition of (await lake.ends()).keys())
      if (partition >= partitions) throw tooFew(partition, partitions);
    await checkGenerations(redis, partitions, reducers.digest);
  } catch (error) {
    leave();
    throw error;
  }
  const parts = lake;

  return {
    async run(stop, waiters) {
      let failed: unknown;
      let shares: Shares | undefined;
      const onLost = () => {
        failed ??= new Fenced("a lease went to another worker");
        reader.disconnect(); // wakes the read that waits
      };
      try {
        await recover();
        if (stop.aborted) return;
        shares =
          leaseMs > 0
            ? await openShares({ redis, token, partitions, ms: leaseMs, onLost })
            : everyPartition(partitions);
        await work(shares, stop, waiters, () => failed);
      } finally {
        counts.partitions = 0;
        await shares?.close();
        leave();
      }
    },
  };

  /** A Redis that lost everything, or a new one, is filled from the lake. */
  async function recover(): Promise<void> {
    const lake = createParquetLake(lakeDir);
    try {
      counts.state = "recovering";
      const done = await recoverIfLost({ redis, lake, reducers, partitions, knownIdsMs: options.knownIdsMs });
      if (done && done.events > 0)
        log.warn({ events: done.events, entities: done.entities }, "Redis was empty: states rebuilt from the lake");
    } finally {
      await lake.close();
    }
  }

  async function work(shares: Shares, stop: AbortSignal, waiters: Waiter[], failure: () => unknown): Promise<void> {
    const rules: ApplyRules = {
      reducers,
      horizonDays: Math.ceil(options.knownIdsMs / 86_400_000),
      hash: new SipHash(await logSecret(redis)),
    };
    const tools = { redis, parts, lakeDir, partitions, rules, counts, fault, without };
    const own = new Map<number, Partition>();
    const endCompaction = startCompaction({
      lakeDir,
      everyMs: options.compactEveryMs ?? 0,
      mine: () => new Set(own.keys()),
      log,
    });
    const read = createNewsReader([reader, ...moreReaders]);
    const turns = createTurns((one) => applyNews({ ...tools, redis: lines[one.partition.index % LINES] }, one));
    let ahead: Promise<Round> | undefined;
    let flushing: Promise<void> | undefined;
    let flushFailure: unknown;
    let lastFlush = performance.now();
    const unlaked = () => {
      let rows = 0;
      for (const partition of own.values()) rows += partition.unlaked.rows;
      return rows;
    };

    // One flush at a time: a later part that overtook an earlier one would move the end of the lake past rows
    // that were never written.
    const startFlush = (some: Iterable<Partition>) => {
      lastFlush = performance.now();
      if (flushing && without !== "one-flush") return flushing;
      const one = flush(tools, [...some]).catch((error) => {
        flushFailure = error;
      });
      const all = Promise.all([flushing, one]).then(() => {
        if (flushing === all) flushing = undefined;
      });
      flushing = all;
      return all;
    };
    const wholeFlush = async (some: Iterable<Partition> = own.values()) => {
      if (without !== "one-flush") await flushing;
      await startFlush(some);
      if (flushFailure) throw flushFailure;
    };

    /** Where there is more in the log, it is on its way before this is applied: a long answer takes many turns of Redis. */
    const nextRound = async (): Promise<Round> => {
      const round = await (ahead ?? read([...own.values()]));
      ahead = round.more ? read([...own.values()]) : undefined;
      ahead?.catch(() => {}); // told to who asks next
      const news = round.news.filter(({ partition }) => own.get(partition.index) === partition); // some may be given back
      return { ...round, news };
    };

    /** A Redis that was full when chunks were applied: writing parts and trimming makes room for the next try. */
    const orMakeRoom = (applied: Promise<void>) =>
      applied.catch(async (error) => {
        if (isFull(error)) await wholeFlush();
        throw error;
      });

    /** Opens the partitions that came to us; writes out and gives back those that others should have. */
    const share = async () => {
      const surplus = shares.surplus();
      if (surplus.length > 0) await orMakeRoom(turns.ended());
      for (const index of surplus) {
        const partition = own.get(index);
        if (partition) await wholeFlush([partition]); // the next owner finds nothing to read again
        own.delete(index);
        await fault?.("before-hand-over");
        await shares.giveBack(index);
      }
      for (const index of shares.mine)
        if (!own.has(index)) {
          own.set(index, await openPartition({ redis, parts, digest: reducers.digest }, index));
          log.debug({ partition: index, rows: own.get(index)?.unlaked.rows }, "partition opened");
        }
      counts.partitions = own.size;
      counts.state = own.size > 0 ? "running" : "standby";
    };

    try {
      while (!stop.aborted) {
        await share();
        if (failure()) throw failure();
        if (own.size === 0) {
          await new Promise((resolve) => setTimeout(resolve, STANDBY_MS));
          continue;
        }
        const waiting = waiters.length;
        const atRest = turns.idle && !ahead; // so what the next read does not bring is not there
        const { news, few } = await nextRound();
        if (failure()) throw failure();
        if (flushFailure) throw flushFailure;
        await orMakeRoom(turns.begin(news));
        if (few) await orMakeRoom(turns.ended()); // more gather meanwhile; where there are many, the next are read
        if (news.length === 0 && atRest && waiting > 0) {
          await wholeFlush();
          for (const { resolve } of waiters.splice(0, waiting)) resolve();
        }
        counts.unflushed = unlaked();
        if ([...own.values()].some(({ unlaked }) => unlaked.due)) void startFlush(own.values());
        if (counts.unflushed > 0 && (performance.now() - lastFlush > flushMs || counts.unflushed >= flushRows)) {
          const flush = startFlush(own.values());
          if (counts.unflushed >= 4 * flushRows) await flush; // the lake must not fall behind without bound
        }
      }
      await orMakeRoom(turns.ended());
      await wholeFlush();
      counts.unflushed = unlaked();
    } finally {
      await turns.ended().catch(() => {}); // its failure is known, or comes after another
      await flushing;
      await endCompaction();
    }
  }
}

/** A Redis that is full has said no, and done nothing. */
function isFull(error: unknown): boolean {
  const failure = redisFailure(error, "to apply the log");
  return failure instanceof PortraitError && failure.code === "REDIS_FULL";
}

/** No leases: the fence alone keeps order. */
const everyPartition = (partitions: number): Shares => ({
  mine: new Set(Array.from({ length: partitions }, (_, index) => index)),
  surplus: () => [],
  giveBack: async () => {},
  close: async () => {},
});

const tooFew = (partition: number, partitions: number) =>
  new PortraitError(
    "CONFIG_INVALID",
    `The lake has a partition ${partition}, PORTRAIT_PARTITIONS says ${partitions}: wanted the number it was written with.`,
    { partition, partitions },
  );
