import type { Redis } from "ioredis";
import { entryText } from "../entry-id.ts";
import { type Entry, type RawEntry, toEntry } from "./ingest-entry.ts";
import type { Partition } from "./ingest-partition.ts";
import { logKey } from "./keys.ts";

export interface News {
  readonly partition: Partition;
  readonly entries: readonly Entry[];
}

/** Events that one read should bring of each partition, and the most entries (commit groups) it may ask for. */
const CHUNK_EVENTS = 2_000;
const CHUNK_ENTRIES = 200;
/** How long a read waits for news: no news is what lets the worker look at the clock. */
const BLOCK_MS = 40;

/** Reads on from the cursors of partitions; answers nothing when there is no news for a moment. */
export function createNewsReader(reader: Redis): (partitions: readonly Partition[]) => Promise<News[]> {
  let eventsAnEntry = 50; // measured as it goes: entries hold from one event to thousands

  return async (partitions) => {
    const keys = partitions.map(({ index }) => logKey(index));
    const answer = (await reader.xreadBuffer(
      "COUNT",
      Math.max(1, Math.min(CHUNK_ENTRIES, Math.round(CHUNK_EVENTS / eventsAnEntry))),
      "BLOCK",
      BLOCK_MS,
      "STREAMS",
      ...keys,
      ...partitions.map(({ cursor }) => entryText(cursor)),
    )) as unknown as [Buffer, RawEntry[]][] | null;
    if (!answer) return [];
    const news = answer.map(([key, raw]): News => {
      const partition = partitions[keys.indexOf(key.toString())];
      return { partition, entries: raw.map((one) => toEntry(one, partition.index)) };
    });
    let entries = 0;
    let events = 0;
    for (const one of news) {
      entries += one.entries.length;
      for (const entry of one.entries) events += entry.events.length + (entry.forward?.events.length ?? 0);
    }
    const mean = events / entries;
    eventsAnEntry = Math.max(1, (eventsAnEntry + mean) / 2, mean);
    return news;
  };
}
