import { PortraitError } from "../../errors.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY, parseEntry } from "../entry-id.ts";
import { cataloguesInForce, checkGenerations } from "./generations.ts";
import { acceptedBy, type RawEntry, toEntry, wantEntry } from "./ingest-entry.ts";
import { cursorKey, logKey, verdictsKey } from "./keys.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { aloneWithTheLog, type ReplayOptions, type ReplaySummary, writeStates } from "./replay-states.ts";

/**
 * Rebuilds, in place, the states of the entities that have an event known at `since` or later, first and second ones;
 * all others are left as they are. For when something went wrong at a moment that is known: it costs a read of the
 * lake, and writes only what may be wrong.
 *
 * States are written into the generation in force, and cursor and marks stay where they are. So all that is in the log
 * must be applied and in the lake, as it is after a worker was stopped politely.
 *
 * @throws PortraitError TOO_BUSY while a worker applies, or when events wait; STATE_FROM_OTHER_CATALOGUE; LAKE_BROKEN
 */
export async function replaySince(options: ReplayOptions, since: number): Promise<ReplaySummary> {
  const { redis, partitions, reducers } = options;
  await agreeOnPartitions(redis, partitions);
  return aloneWithTheLog(options, async () => {
    await checkGenerations(redis, partitions, reducers.digest);
    const ends = await options.lake.end();
    for (let partition = 0; partition < partitions; partition++)
      await mustBeAtRest(options, partition, ends.get(partition) ?? NO_ENTRY);
    const generation = (await cataloguesInForce(redis, partitions)).find((one) => one !== undefined)?.generation ?? 1;
    return { ...(await writeStates(options, generation, since)), catalogue: reducers.digest };
  });
}

/** Nothing waits to be applied, and nothing applied waits for the lake but duplicates and forwards. */
async function mustBeAtRest({ redis }: ReplayOptions, partition: number, end: EntryId): Promise<void> {
  const cursor = wantEntry((await redis.get(cursorKey(partition))) ?? "0-0");
  const [newest] = await redis.xrevrange(logKey(partition), "+", "-", "COUNT", 1);
  const last = (newest && parseEntry(newest[0])) ?? NO_ENTRY;
  if (compareEntries(last, cursor) > 0 || compareEntries(end, cursor) > 0) throw atWork(partition);
  const masks = await redis.hgetallBuffer(verdictsKey(partition));
  const between = (await redis.xrangeBuffer(
    logKey(partition),
    `(${entryText(end)}`,
    entryText(cursor),
  )) as unknown as RawEntry[];
  for (const one of between) {
    const { id, events } = toEntry(one, partition);
    if (acceptedBy(masks[entryText(id)], events).length > 0) throw atWork(partition);
  }
}

const atWork = (partition: number) =>
  new PortraitError(
    "TOO_BUSY",
    `Events of partition ${partition} wait to be applied or written to the lake. Start \`portrait work\`, stop it politely ` +
      "(SIGTERM) when it has caught up, then run `portrait replay --from` again; or run `portrait replay` without it.",
    { partition },
  );
