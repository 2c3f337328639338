import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { entryText } from "../entry-id.ts";
import { type RawEntry, wantEntry } from "./ingest-entry.ts";
import type { Partition } from "./ingest-partition.ts";
import { logKey } from "./keys.ts";

export interface News {
  readonly partition: Partition;
  /** Not unpacked yet: entries wait for their turn, and bytes wait cheaply. */
  readonly entries: readonly RawEntry[];
  readonly bytes: number;
  /** When they were read, ms since 1970 UTC. */
  readonly at: number;
}

/** What one read brought. */
export interface Round {
  readonly news: readonly News[];
  /** So little that it is better applied, and more of it gathered, before the next read. */
  readonly few: boolean;
  /** There is more in the log already. */
  readonly more: boolean;
}

/** What one read should bring of each partition, some 1,000 events, and the most entries (commit groups) it may ask for. */
const CHUNK_BYTES = 192 << 10;
const CHUNK_ENTRIES = 1_000;
/**
 * A log that brought so much at the last read, and all that there was, is read this often at most: each round costs a
 * worker and Redis the same dozen commands a partition, however little there is to apply.
 */
const BUSY_BYTES = 16 << 10;
const BUSY_ROUND_MS = 40;
/** After a read that brought so much the next is asked over all connections: Redis writes 64 KB to each before it syncs. */
const HEAVY_BYTES = 128 << 10;
/** How long a read waits for news: no news is what lets the worker look at the clock. */
const BLOCK_MS = 40;
/** On a cluster, where partitions lie on several slots and are asked one by one: the less often the longer all are quiet. */
const ASK_AGAIN_MS = 10;

const streams = (partitions: readonly Partition[]): string[] => [
  ...partitions.map(({ index }) => logKey(index)),
  ...partitions.map(({ readTo }) => entryText(readTo)),
];

type Answer = [Buffer, RawEntry[]][] | null;

/**
 * Reads each partition on from where it was read to, applied or not; answers nothing when there is no news for a moment.
 *
 * One blocking XREAD over all of them, or where much is to be read one for each connection; a Redis Cluster refuses that
 * (CROSSSLOT), and is then asked for each.
 *
 * @param readers connections for this alone
 */
export function createNewsReader(
  readers: readonly [Redis, ...Redis[]],
): (partitions: readonly Partition[]) => Promise<Round> {
  const [reader] = readers;
  let bytesAnEntry = 10_000; // measured as it goes: entries hold from one event to thousands
  let oneByOne = false;
  let busy = false;
  let heavy = false;
  let lastAt = 0;
  let quietMs = 0;

  async function together(partitions: readonly Partition[], count: number): Promise<Answer> {
    const answer = reader.xreadBuffer("COUNT", count, "BLOCK", BLOCK_MS, "STREAMS", ...streams(partitions));
    return answer as unknown as Promise<Answer>;
  }

  async function sideBySide(partitions: readonly Partition[], count: number): Promise<Answer> {
    const answers = await Promise.all(
      readers.map((one, i) => {
        const some = partitions.filter((_, place) => place % readers.length === i);
        if (some.length === 0) return null;
        return one.xreadBuffer("COUNT", count, "STREAMS", ...streams(some)) as unknown as Promise<Answer>;
      }),
    );
    return answers.flatMap((answer) => answer ?? []);
  }

  async function each(partitions: readonly Partition[], count: number): Promise<Answer> {
    const answers = await Promise.all(
      partitions.map(
        ({ index, readTo }) =>
          reader.xreadBuffer("COUNT", count, "STREAMS", logKey(index), entryText(readTo)) as Promise<Answer>,
      ),
    );
    const found = answers.flatMap((answer) => answer ?? []);
    quietMs = found.length > 0 ? 0 : Math.min(quietMs + ASK_AGAIN_MS, BLOCK_MS);
    if (quietMs > 0) await sleep(quietMs);
    return found;
  }

  async function ask(partitions: readonly Partition[], count: number): Promise<Answer> {
    if (!oneByOne) {
      try {
        return await (heavy ? sideBySide(partitions, count) : together(partitions, count));
      } catch (error) {
        if (!(error instanceof Error && /CROSSSLOT/.test(error.message))) throw error;
        oneByOne = true;
      }
    }
    return each(partitions, count);
  }

  return async (partitions) => {
    const count = Math.max(1, Math.min(CHUNK_ENTRIES, Math.round(CHUNK_BYTES / bytesAnEntry)));
    const early = BUSY_ROUND_MS - (performance.now() - lastAt);
    if (busy && early > 0) await sleep(early);
    const answer = await ask(partitions, count);
    lastAt = performance.now();
    busy = false;
    heavy = false;
    if (!answer || answer.length === 0) return { news: [], few: true, more: false };
    const byKey = new Map(partitions.map((partition) => [logKey(partition.index), partition]));
    const news: News[] = [];
    const at = Date.now();
    let allEntries = 0;
    let allBytes = 0;
    for (const [key, entries] of answer) {
      const partition = byKey.get(key.toString());
      if (!partition) continue;
      let bytes = 0;
      for (const [, fields] of entries) bytes += fields[1].length;
      partition.readTo = wantEntry(entries[entries.length - 1][0].toString());
      news.push({ partition, entries, bytes, at });
      allEntries += entries.length;
      allBytes += bytes;
    }
    const few = allBytes <= BUSY_BYTES;
    const more = answer.some(([, entries]) => entries.length >= count);
    busy = !few && !more;
    heavy = allBytes > HEAVY_BYTES;
    const mean = allBytes / Math.max(1, allEntries);
    bytesAnEntry = Math.max(1, (bytesAnEntry + mean) / 2, mean);
    return { news, few, more };
  };
}
