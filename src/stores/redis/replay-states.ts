import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { entityKey } from "../../events/event.ts";
import type { Lake } from "../../events/event-log.ts";
import type { Reach } from "../../events/reach.ts";
import { SipHash } from "../../events/siphash.ts";
import type { ApplyRules } from "../../features/apply-chunk.ts";
import type { Reducer } from "../../features/feature.ts";
import { type RebuiltState, statesFromLake } from "../../features/states-from-lake.ts";
import { readStored } from "../../features/stored-value.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY } from "../entry-id.ts";
import { type CatalogueInForce, catalogueText, parseCatalogue } from "./catalogue.ts";
import { lakeBehind, wantEntry } from "./ingest-session.ts";
import { catalogueKey, cursorKey, lakedKey, logKey, parseStateKey, stateKey, verdictsKey } from "./keys.ts";
import { tryLease } from "./lease.ts";
import { SWAP } from "./lua.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { logSecret } from "./secret.ts";

export interface ReplayOptions {
  readonly redis: Redis;
  readonly lake: Lake;
  readonly reducer: Reducer;
  readonly partitions: number;
  readonly knownIdsMs: number;
  /** Share between 0 and 1. */
  readonly onProgress?: (done: number, note?: string) => void;
  /** How long to wait for a worker to let go of the log. */
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
 * to the new states. Also the way back when Redis has lost what it knew.
 *
 * @throws PortraitError TOO_BUSY while a worker applies; LAKE_BROKEN; CONFIG_INVALID
 */
export async function replayStates(options: ReplayOptions): Promise<ReplaySummary> {
  const { redis, lake, reducer, partitions, onProgress, patienceMs = LEASE_MS + 5_000 } = options;
  await agreeOnPartitions(redis, partitions);
  let lost = false;
  const lease = await leaseWithin(redis, patienceMs, () => {
    lost = true;
  });
  try {
    const ends = await lake.end();
    const before = await inForce(redis, partitions);
    for (const [partition, { laked }] of before.entries()) {
      const end = ends.get(partition) ?? NO_ENTRY;
      if (compareEntries(end, laked) < 0) throw lakeBehind(partition, end, laked);
    }
    const generation = 1 + Math.max(0, ...before.map(({ catalogue }) => catalogue?.generation ?? 0));
    await sweep(redis, (partition, found) => found === before[partition]?.catalogue?.generation);

    const { events: total } = await lake.summary();
    let events = 0;
    let entities = 0;
    for await (const page of pages(statesFromLake(lake, await rulesOf(options)))) {
      const pipeline = redis.pipeline();
      for (const { entity, partition, bytes } of page) pipeline.set(stateKey(partition, generation, entity), bytes);
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
      entities += page.length;
      for (const one of page) events += one.events;
      onProgress?.(events / Math.max(1, total), `${events.toLocaleString("en")} events`);
    }

    for (const [partition, { cursor, catalogue }] of before.entries()) {
      if (lost) throw tooBusy();
      const end = ends.get(partition) ?? NO_ENTRY;
      await raiseStream(redis, partition, end);
      const swapped = await redis.eval(
        SWAP,
        4,
        ...[cursorKey(partition), catalogueKey(partition), verdictsKey(partition), lakedKey(partition)],
        ...[cursor, catalogue ? catalogueText(catalogue) : ""],
        ...[entryText(end), catalogueText({ generation, digest: reducer.digest })],
      );
      if (swapped !== 1) throw tooBusy();
    }
    await sweep(redis, (_, found) => found === generation);
    return { events, entities, catalogue: reducer.digest };
  } finally {
    await lease.release();
  }
}

export interface VerifySummary {
  /** Entities in the lake. */
  readonly entities: number;
  readonly equal: number;
  /** Bytes differ: the states are not what the log says. */
  readonly different: number;
  /** In the lake, not among the states. */
  readonly missing: number;
  /** Among the states, not in the lake. */
  readonly extra: number;
  /** States that hold events which are not in the lake yet: not compared. */
  readonly ahead: number;
}

/**
 * Compares every stored state with what the lake alone gives, byte for byte. Reads only.
 *
 * @throws PortraitError LAKE_BROKEN, CONFIG_INVALID
 */
export async function verifyStates(options: ReplayOptions): Promise<VerifySummary> {
  const { redis, lake, partitions, onProgress } = options;
  await agreeOnPartitions(redis, partitions);
  const generations = (await inForce(redis, partitions)).map(({ catalogue }) => catalogue?.generation ?? 0);
  const { events: total } = await lake.summary();
  const result = { entities: 0, equal: 0, different: 0, missing: 0, extra: 0, ahead: 0 };
  const seen = new Set<string>();
  let events = 0;
  for await (const page of pages(statesFromLake(lake, await rulesOf(options)))) {
    const pipeline = redis.pipeline();
    for (const { entity, partition } of page) pipeline.getBuffer(stateKey(partition, generations[partition], entity));
    const answers = (await pipeline.exec()) ?? [];
    page.forEach((rebuilt, i) => {
      const [error, value] = answers[i] as [Error | null, Buffer | null];
      if (error) throw error;
      seen.add(entityKey(rebuilt.entity));
      result[compare(rebuilt, value)]++;
      result.entities++;
      events += rebuilt.events;
    });
    onProgress?.(events / Math.max(1, total), `${events.toLocaleString("en")} events`);
  }
  const ends = await lake.end();
  for await (const keys of stateKeys(redis)) {
    for (const { key, partition, generation, entity } of keys) {
      if (generation !== generations[partition] || seen.has(entityKey(entity))) continue;
      const value = await redis.getBuffer(key);
      if (!value) continue;
      result[isBeyond(readStored(value).reach, (of) => ends.get(of)) ? "ahead" : "extra"]++;
    }
  }
  return result;
}

function compare(rebuilt: RebuiltState, value: Buffer | null): "equal" | "different" | "missing" | "ahead" {
  if (!value) return "missing";
  if (value.equals(rebuilt.bytes)) return "equal";
  const ends = new Map(rebuilt.reach.map((line) => [line.partition, line.position]));
  return isBeyond(readStored(value).reach, (partition) => ends.get(partition)) ? "ahead" : "different";
}

/** Whether a state holds events after these ends. */
const isBeyond = (reach: Reach, endOf: (partition: number) => EntryId | undefined): boolean =>
  reach.some(({ partition, position }) => compareEntries(position, endOf(partition) ?? NO_ENTRY) > 0);

async function rulesOf({ redis, reducer, knownIdsMs }: ReplayOptions): Promise<ApplyRules> {
  return { reducer, horizonDays: Math.ceil(knownIdsMs / 86_400_000), hash: new SipHash(await logSecret(redis)) };
}

async function leaseWithin(redis: Redis, ms: number, onLost: () => void) {
  const until = performance.now() + ms;
  const token = randomUUID();
  for (;;) {
    const lease = await tryLease(redis, token, LEASE_MS, onLost);
    if (lease) return lease;
    if (performance.now() > until) throw tooBusy();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
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

/** Deletes the states that `keep` does not want. */
async function sweep(redis: Redis, keep: (partition: number, generation: number) => boolean): Promise<void> {
  for await (const keys of stateKeys(redis)) {
    const pipeline = redis.pipeline();
    for (const { key, partition, generation } of keys) if (!keep(partition, generation)) pipeline.unlink(key);
    if (pipeline.length > 0) await pipeline.exec();
  }
}

async function* stateKeys(redis: Redis) {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", "s:{p*}:*", "COUNT", 1_000);
    cursor = next;
    yield keys.flatMap((key) => {
      const parsed = parseStateKey(key);
      return parsed ? [{ key, ...parsed }] : [];
    });
  } while (cursor !== "0");
}

async function* pages(states: AsyncIterable<RebuiltState>): AsyncGenerator<RebuiltState[]> {
  let page: RebuiltState[] = [];
  for await (const state of states) {
    page.push(state);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
