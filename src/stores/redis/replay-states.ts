import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import type { Lake } from "../../events/event-log.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { type Position, positionText } from "../../events/position.ts";
import { SipHash } from "../../events/siphash.ts";
import type { ApplyRules } from "../../features/apply-chunk.ts";
import type { Reducers } from "../../features/reducers.ts";
import { statesFromLake } from "../../features/states-from-lake.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY } from "../entry-id.ts";
import { type CatalogueInForce, catalogueText, parseCatalogue } from "./catalogue.ts";
import { wantEntry } from "./ingest-entry.ts";
import { lakeBehind } from "./ingest-partition.ts";
import { catalogueKey, cursorKey, lakedKey, logKey, marksKey, verdictsKey } from "./keys.ts";
import { SWAP } from "./lua.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { logSecret } from "./secret.ts";
import { takeAll } from "./shares.ts";
import { sweepGenerations, writeValues } from "./state-keys.ts";

export interface ReplayOptions {
  readonly redis: Redis;
  readonly lake: Lake;
  readonly reducers: Reducers;
  readonly partitions: number;
  readonly knownIdsMs: number;
  /** Share between 0 and 1. */
  readonly onProgress?: (done: number, note?: string) => void;
  /** Asked once no worker is at the log any more; when it answers false, nothing is done. */
  readonly onlyIf?: () => Promise<boolean>;
  /** How long to wait for workers to let go of the log. */
  readonly patienceMs?: number;
}

export interface ReplaySummary {
  readonly events: number;
  readonly entities: number;
  /** The catalogue that the states are now of. */
  readonly catalogue: string;
}

const PAGE = 500;
const LEASE_MS = 10_000;

/**
 * Rebuilds every state from the lake: into the next generation of keys beside the ones in force, then each partition
 * is swapped by one script. Until then readers see the old states; a replay that dies leaves nothing in force.
 *
 * The cursor goes back to the end of the lake, so what was applied after that is applied again by the next worker,
 * to the new states; and so do the marks, so that what it brings to second entities is forwarded again. Forwards that
 * still wait in the log are of the generation before, and dropped. Also the way back when Redis has lost what it knew.
 *
 * @throws PortraitError TOO_BUSY while a worker applies; LAKE_BROKEN; CONFIG_INVALID
 */
export async function replayStates(options: ReplayOptions): Promise<ReplaySummary> {
  const { redis, lake, reducers, partitions } = options;
  await agreeOnPartitions(redis, partitions);
  return aloneWithTheLog(options, async (lost) => {
    if (options.onlyIf && !(await options.onlyIf())) return { events: 0, entities: 0, catalogue: reducers.digest };
    const ends = await lake.end();
    const before = await inForce(redis, partitions);
    for (const [partition, { laked }] of before.entries()) {
      const end = ends.get(partition) ?? NO_ENTRY;
      if (compareEntries(end, laked) < 0) throw lakeBehind(partition, end, laked);
    }
    const generation = 1 + Math.max(0, ...before.map(({ catalogue }) => catalogue?.generation ?? 0));
    await sweepGenerations(redis, (partition, found) => found === before[partition]?.catalogue?.generation);
    const done = await writeStates(options, generation);

    for (const [partition, { cursor, catalogue }] of before.entries()) {
      if (lost()) throw tooBusy();
      const end = ends.get(partition) ?? NO_ENTRY;
      await raiseStream(redis, partition, end);
      const swapped = await redis.eval(
        SWAP,
        5,
        ...[cursorKey(partition), catalogueKey(partition), verdictsKey(partition), lakedKey(partition)],
        ...[marksKey(partition), cursor, catalogue ? catalogueText(catalogue) : ""],
        ...[entryText(end), catalogueText({ generation, digest: reducers.digest }), ...marksAt(ends, partition)],
      );
      if (swapped !== 1) throw tooBusy();
    }
    await sweepGenerations(redis, (_, found) => found === generation);
    return { ...done, catalogue: reducers.digest };
  });
}

/** Where the lake ends in every other partition: as far as the rebuilt second entities have come. */
const marksAt = (ends: ReadonlyMap<number, Position>, receiver: number): (string | number)[] =>
  [...ends].flatMap(([origin, position]) => (origin === receiver ? [] : [origin, positionText(position)]));

/** Writes what the lake makes of every entity, or of those that events since a moment touched. */
export async function writeStates(
  options: ReplayOptions,
  generation: number,
  touchedSince?: number,
): Promise<{ events: number; entities: number }> {
  const { redis, lake, partitions, onProgress } = options;
  const { events: total } = await lake.extent();
  const done = { events: 0, entities: 0 };
  const query = touchedSince === undefined ? {} : { touchedSince };
  for await (const page of pages(statesFromLake(lake, await rulesOf(options), query))) {
    await writeValues(
      redis,
      generation,
      page.map((one) => ({ ...one, partition: partitionOf(one.entity, partitions) })),
    );
    done.entities += page.length;
    for (const one of page) done.events += one.events;
    onProgress?.(Math.min(1, done.events / Math.max(1, total)), `${done.events.toLocaleString("en")} events`);
  }
  return done;
}

/** Holds every partition's lease while `act` runs. @throws PortraitError TOO_BUSY while a worker applies */
export async function aloneWithTheLog<T>(
  { redis, partitions, patienceMs = LEASE_MS + 5_000 }: ReplayOptions,
  act: (lost: () => boolean) => Promise<T>,
): Promise<T> {
  let lost = false;
  const onLost = () => {
    lost = true;
  };
  const leases = await takeAll({ redis, token: randomUUID(), partitions, ms: LEASE_MS, onLost }, patienceMs);
  if (!leases) throw tooBusy();
  try {
    return await act(() => lost);
  } finally {
    await leases.release();
  }
}

export async function rulesOf({ redis, reducers, knownIdsMs }: ReplayOptions): Promise<ApplyRules> {
  return { reducers, horizonDays: Math.ceil(knownIdsMs / 86_400_000), hash: new SipHash(await logSecret(redis)) };
}

const tooBusy = () =>
  new PortraitError(
    "TOO_BUSY",
    "A worker applies the log at this moment, so its states cannot be rebuilt. Stop `portrait work` (or `portrait up`), " +
      "then run `portrait replay` again.",
  );

interface PartitionNow {
  readonly cursor: string;
  readonly laked: EntryId;
  readonly catalogue: CatalogueInForce | undefined;
}

function inForce(redis: Redis, partitions: number): Promise<PartitionNow[]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const [cursor, catalogue, laked] = await redis.mget(
        cursorKey(partition),
        catalogueKey(partition),
        lakedKey(partition),
      );
      return {
        cursor: cursor ?? "0-0",
        laked: wantEntry(laked ?? "0-0"),
        catalogue: catalogue ? parseCatalogue(catalogue) : undefined,
      };
    }),
  );
}

/** A Redis that was emptied must not give out ids again that the lake holds already. */
async function raiseStream(redis: Redis, partition: number, end: EntryId): Promise<void> {
  if (compareEntries(end, NO_ENTRY) <= 0) return;
  try {
    await redis.xadd(logKey(partition), entryText(end), "b", "");
    await redis.xdel(logKey(partition), entryText(end));
  } catch (error) {
    if (!(error instanceof Error && /equal or smaller/.test(error.message))) throw error; // it is beyond already
  }
}

/** States in pages, so that many are written or read at a time. */
export async function* pages<T>(states: AsyncIterable<T>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const state of states) {
    page.push(state);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
