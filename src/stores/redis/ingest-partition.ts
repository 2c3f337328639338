import { PortraitError } from "../../errors.ts";
import { type Position, parsePosition } from "../../events/position.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY } from "../entry-id.ts";
import { Fenced } from "../fenced.ts";
import type { LakeWriter } from "../lake/lake-writer.ts";
import { type CatalogueInForce, catalogueText, parseCatalogue, wantCatalogue } from "./catalogue.ts";
import type { CommitConnection } from "./ingest-connection.ts";
import { type RawEntry, toEntry, wantEntry } from "./ingest-entry.ts";
import { settle } from "./ingest-flush.ts";
import { catalogueKey, cursorKey, lakedKey, logKey, marksKey, verdictsKey } from "./keys.ts";
import { Unlaked } from "./unlaked.ts";

/** One partition as a session sees it: right as long as the outcome of every command is known. */
export interface Partition {
  readonly index: number;
  readonly catalogue: CatalogueInForce;
  cursor: EntryId;
  /** The last entry that was read: what lies between the cursor and it is being applied, or waits to be. */
  readTo: EntryId;
  readonly unlaked: Unlaked;
  /** Entries with verdicts in Redis, oldest first. */
  verdicts: EntryId[];
  /** By origin: the last event forwarded from there that is in the states. */
  readonly marks: Map<number, Position>;
}

export interface PartitionSource {
  readonly redis: CommitConnection;
  readonly parts: LakeWriter;
  /** Of the declared features. */
  readonly digest: string;
}

const GAP_ENTRIES = 200;

/**
 * Cursor and marks from Redis, the end of the lake from the folder, and what lies between end and cursor from the log.
 *
 * @throws PortraitError LOG_BROKEN, LAKE_BROKEN, STATE_FROM_OTHER_CATALOGUE; Fenced when another worker is at it
 */
export async function openPartition({ redis, parts, digest }: PartitionSource, index: number): Promise<Partition> {
  const end: EntryId = (await parts.ends()).get(index) ?? NO_ENTRY;
  const [cursorText, catalogueIs, lakedText] = await redis.mget(cursorKey(index), catalogueKey(index), lakedKey(index));
  const cursor = wantEntry(cursorText ?? "0-0");
  const laked = wantEntry(lakedText ?? "0-0");
  if (compareEntries(end, cursor) > 0) throw lakeAhead(index, end, cursor);
  if (compareEntries(end, laked) < 0) throw await unlessMoved(parts, index, end, lakeBehind(index, end, laked));
  const partition: Partition = {
    index,
    catalogue: await catalogueOf(redis, index, catalogueIs, digest),
    cursor,
    readTo: cursor,
    unlaked: new Unlaked(index, { ms: end.ms, seq: end.seq }),
    verdicts: [],
    marks: await marksOf(redis, index),
  };
  await refill(redis, parts, partition, end);
  return partition;
}

async function catalogueOf(
  redis: CommitConnection,
  index: number,
  text: string | null,
  digest: string,
): Promise<CatalogueInForce> {
  const found = text ? parseCatalogue(text) : undefined;
  if (found?.digest === digest) return found;
  if (found) wantCatalogue(found, digest);
  const fresh = { generation: 1, digest };
  await redis.set(catalogueKey(index), catalogueText(fresh), "NX");
  return parseCatalogue((await redis.get(catalogueKey(index))) ?? catalogueText(fresh));
}

async function marksOf(redis: CommitConnection, index: number): Promise<Map<number, Position>> {
  const marks = new Map<number, Position>();
  for (const [origin, text] of Object.entries(await redis.hgetall(marksKey(index)))) {
    const position = parsePosition(text);
    if (!position) throw new PortraitError("LOG_BROKEN", `Wanted a position in Redis, found "${text.slice(0, 40)}".`);
    marks.set(Number(origin), position);
  }
  return marks;
}

async function refill(redis: CommitConnection, parts: LakeWriter, partition: Partition, end: EntryId): Promise<void> {
  const { index, cursor, unlaked } = partition;
  const masks = await redis.hgetallBuffer(verdictsKey(index));
  partition.verdicts = Object.keys(masks).map(wantEntry).sort(compareEntries);
  let from = end;
  while (compareEntries(from, cursor) < 0) {
    const raw = (await redis.xrangeBuffer(
      logKey(index),
      `(${entryText(from)}`,
      entryText(cursor),
      "COUNT",
      GAP_ENTRIES,
    )) as unknown as RawEntry[];
    if (raw.length === 0) break;
    for (const one of raw) {
      const entry = toEntry(one, index);
      unlaked.add(entry, masks[entryText(entry.id)]);
      from = entry.id;
    }
  }
  // Trimming and mark move together. A rival that trimmed while we read has left us a beginning that does not follow
  // the end that we know: a part made of it would leave a hole in the lake for ever.
  const laked = wantEntry((await redis.get(lakedKey(index))) ?? "0-0");
  if (compareEntries(laked, end) > 0) throw new Fenced(`partition ${index} was trimmed to ${entryText(laked)}`);
  if (compareEntries(from, cursor) < 0) throw await unlessMoved(parts, index, end, gapLost(index, from, cursor));
  // a worker that ended between the claim of a part and the trimming left the trimming to us
  if (compareEntries(end, NO_ENTRY) > 0) await settle(redis, partition, end);
}

/** A rival that wrote a part after we read the folder makes our readings disagree: nothing is lost but our turn. */
async function unlessMoved(parts: LakeWriter, index: number, end: EntryId, broken: PortraitError): Promise<Error> {
  const now = (await parts.ends()).get(index) ?? NO_ENTRY;
  return compareEntries(now, end) > 0 ? new Fenced(`partition ${index} reached ${entryText(now)}`) : broken;
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
