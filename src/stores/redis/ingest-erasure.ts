import { openStored } from "../../features/stored-value.ts";
import { entryText } from "../entry-id.ts";
import { Fenced } from "../fenced.ts";
import { writeTombstone } from "../lake/tombstones.ts";
import { catalogueText } from "./catalogue.ts";
import type { Erasure } from "./erasure-entry.ts";
import type { ChunkTools } from "./ingest-chunk.ts";
import type { Entry } from "./ingest-entry.ts";
import type { Partition } from "./ingest-partition.ts";
import { catalogueKey, cursorKey, idsKey, stateKey } from "./keys.ts";

/**
 * Deletes what is kept of one entity and moves the cursor on, fenced as every commit is.
 * KEYS: cursor, catalogue, then what goes. ARGV: old cursor, new cursor, catalogue in force. Answers 0 when fenced.
 */
const ERASE = `
if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then return 0 end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
for k = 3, #KEYS do redis.call('UNLINK', KEYS[k]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** Every index of an entry is before it; the most that a position says as text. */
const END_OF_ENTRY = 999_999_999;

/**
 * Applies an erasure in its turn: whatever the log held of the entity before it is no longer in its state, and
 * whatever comes after begins a new one.
 *
 * The lake is told first (`tombstones.ts`), so that no replay brings back what the state has lost. Of other partitions
 * that holds up to the last event that they had forwarded by then, which is what the state had seen of them. A worker
 * that dies in between meets the entry again, at the same cursor, and writes the same tombstone.
 *
 * @throws Fenced when another worker moved the partition on
 */
export async function applyErasure(
  tools: ChunkTools,
  partition: Partition,
  entry: Entry,
  { id, entity }: Erasure,
): Promise<void> {
  const { redis, fault } = tools;
  const { index, catalogue, cursor } = partition;
  const keys: string[] = [];
  await fault?.("before-erasure");
  if (entity) {
    const until = [
      { partition: index, position: { ...entry.id, index: END_OF_ENTRY } },
      ...[...partition.marks].map(([origin, position]) => ({ partition: origin, position })),
    ];
    const key = stateKey(index, catalogue.generation, entity);
    const [now, value] = await redis.mgetBuffer(cursorKey(index), key);
    // one that was overtaken must not write a tombstone again that has done its work
    if ((now?.toString() ?? "0-0") !== entryText(cursor)) throw new Fenced(`partition ${index} is at ${now}`);
    writeTombstone(tools.lakeDir, { erasure: id, entity, until, states: value ? 1 : 0 });
    const days = value ? openStored(value).ids.sealedDays() : [];
    keys.push(key, ...days.map((day) => idsKey(index, catalogue.generation, day, entity)));
    await fault?.("before-erasure-commit");
  }
  const written = await redis.eval(
    ERASE,
    2 + keys.length,
    ...[cursorKey(index), catalogueKey(index), ...keys],
    ...[entryText(cursor), entryText(entry.id), catalogueText(catalogue)],
  );
  if (written !== 1) throw new Fenced(`partition ${index} moved on from ${entryText(cursor)}`);
  await fault?.("after-erasure-commit");
  partition.cursor = entry.id;
  partition.unlaked.add(entry, undefined);
}
