import { compareEntries, type EntryId, entryText, nextEntry } from "../entry-id.ts";
import type { LakeWriter } from "../lake/lake-writer.ts";
import type { CommitConnection } from "./ingest-connection.ts";
import type { FaultPoint } from "./ingest-guards.ts";
import type { Partition } from "./ingest-partition.ts";
import type { IngestCounts } from "./ingest-worker.ts";
import { lakedKey, logKey, verdictsKey } from "./keys.ts";
import { SETTLE } from "./lua.ts";

export interface FlushTools {
  readonly redis: CommitConnection;
  readonly parts: LakeWriter;
  readonly counts: IngestCounts;
  readonly fault?: (point: FaultPoint) => Promise<void> | void;
}

/** Writes what is applied to the lake, a part a partition. */
export async function flush(tools: FlushTools, partitions: Iterable<Partition>): Promise<void> {
  const { redis, parts, counts, fault } = tools;
  for (const partition of partitions) {
    const stretch = partition.unlaked.take();
    if (!stretch) continue;
    await parts.write(stretch);
    partition.unlaked.written();
    counts.parts++;
    counts.laked += stretch.rows.length;
    await fault?.("before-trim");
    await settle(redis, partition, stretch.last);
  }
}

/** The lake reaches to `end`: the stream before it and the verdicts about it have done their work. */
export async function settle(redis: CommitConnection, partition: Partition, end: EntryId): Promise<void> {
  const done = partition.verdicts.filter((id) => compareEntries(id, end) <= 0);
  partition.verdicts = partition.verdicts.filter((id) => compareEntries(id, end) > 0);
  const keys = [logKey(partition.index), lakedKey(partition.index), verdictsKey(partition.index)];
  for (let i = 0; i === 0 || i < done.length; i += 5_000) {
    const entries = done.slice(i, i + 5_000).map(entryText);
    await redis.eval(SETTLE, keys.length, ...keys, entryText(nextEntry(end)), entryText(end), ...entries);
  }
}
