import { type EntityRef, entityKey } from "../../events/event.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import type { LoggedText } from "../../events/logged-text.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { comparePositions, type Position, positionText } from "../../events/position.ts";
import { type Applied, type ApplyRules, entitiesOf, OpenChunk } from "../../features/apply-chunk.ts";
import { secondEntities } from "../../features/entity-kinds.ts";
import { entryText } from "../entry-id.ts";
import { Fenced } from "../fenced.ts";
import type { LakeWriter } from "../lake/lake-writer.ts";
import { appendEntries, type NewEntry } from "./append-entries.ts";
import { catalogueText } from "./catalogue.ts";
import { ForwardPacker } from "./forward-codec.ts";
import type { CommitConnection } from "./ingest-connection.ts";
import { type Entry, toEntry, verdictMasks } from "./ingest-entry.ts";
import { applyErasure } from "./ingest-erasure.ts";
import type { FaultPoint, Guard } from "./ingest-guards.ts";
import type { Partition } from "./ingest-partition.ts";
import type { News } from "./ingest-read.ts";
import { countWaits } from "./ingest-waits.ts";
import type { IngestCounts } from "./ingest-worker.ts";
import { catalogueKey, cursorKey, idsKey, marksKey, stateKey, statePrefix, verdictsKey } from "./keys.ts";
import { packStates } from "./pack-states.ts";

export interface ChunkTools {
  readonly redis: CommitConnection;
  readonly parts: LakeWriter;
  readonly lakeDir: string;
  readonly partitions: number;
  readonly rules: ApplyRules;
  readonly counts: IngestCounts;
  readonly fault?: (point: FaultPoint) => Promise<void> | void;
  readonly without?: Guard;
}

/** A second entity of an event. */
interface Touch {
  readonly entity: EntityRef;
  readonly partition: number;
}

/** Applies news of one partition in log order; an erasure among them parts what is before it from what is after it. */
export async function applyNews(tools: ChunkTools, { partition, entries: raw, at: read }: News): Promise<void> {
  const entries = raw.map((one) => toEntry(one, partition.index));
  let from = 0;
  for (const [i, entry] of entries.entries()) {
    if (!entry.erasure) continue;
    if (i > from) await applyEvents(tools, partition, entries.slice(from, i), read);
    await applyErasure(tools, partition, entry, entry.erasure);
    from = i + 1;
  }
  if (from < entries.length) await applyEvents(tools, partition, entries.slice(from), read);
}

/**
 * Judges its events, forwards the accepted ones to second entities elsewhere, then
 * commits states, cursor, verdicts and marks in one script.
 *
 * The states are read together with the cursor. So a worker that another one has overtaken notices before it forwards
 * anything, and whatever is forwarded was judged on exactly the log before it: the same events, whoever sends them.
 *
 * @throws Fenced when another worker moved the partition on
 */
async function applyEvents(
  tools: ChunkTools,
  partition: Partition,
  entries: readonly Entry[],
  read: number,
): Promise<void> {
  const { redis, parts, rules, counts, fault, without } = tools;
  const { index, cursor } = partition;
  const events = entries.flatMap((entry) => entry.events);
  const touches = touchesOf(events, tools);
  const { forwarded, marks } = newForwards(partition, entries, without === "high-water");
  const here = touches.map((some) => some.filter((one) => one.partition === index).map(({ entity }) => entity));
  const chunk = { events, here, forwarded };

  const open = new OpenChunk(chunk, await readStates(redis, partition, entitiesOf(chunk), without), rules);
  await readBuckets(redis, partition, open);
  const held = await heldByLog(parts, partition, without === "known-ids" ? [] : open.suspects());
  const applied = open.apply(held);

  const forwards = packForwards(partition, events, touches, applied);
  const send = async () => {
    if (forwards.length === 0) return;
    await fault?.("before-forward");
    await appendEntries(redis, forwards);
  };
  const last = entries[entries.length - 1].id;
  const masks = verdictMasks(entries, applied.duplicate);
  const commit = async () => {
    await fault?.("before-commit");
    const from = without === "fence" ? ((await redis.get(cursorKey(index))) ?? "0-0") : entryText(cursor);
    const written = await redis.commit(
      ...commitArguments(partition, applied, {
        from,
        to: without === "one-script" ? from : entryText(last),
        masks: without === "verdicts" ? [] : masks,
        marks,
      }),
    );
    if (written !== 1) throw new Fenced(`partition ${index} moved on from ${entryText(cursor)}`);
    await fault?.("after-commit");
    if (without === "one-script") await redis.set(cursorKey(index), entryText(last));
  };
  if (without === "forward-first") {
    await commit();
    await send();
  } else {
    await send();
    await commit();
  }

  partition.cursor = last;
  partition.verdicts.push(...masks.map(([id]) => id));
  for (const [origin, position] of marks) partition.marks.set(origin, position);
  const maskOf = new Map(masks.map(([id, mask]) => [id, mask]));
  for (const entry of entries) {
    const accepted = partition.unlaked.add(entry, maskOf.get(entry.id));
    counts.applied += accepted;
    counts.duplicates += entry.events.length - accepted;
  }
  counts.forwarded += forwarded.length;
  counts.lagMs = Math.max(0, Date.now() - last.ms);
  countWaits(counts.waits, entries, read, Date.now());
}

function touchesOf(events: readonly LoggedText[], { rules, partitions }: ChunkTools): readonly Touch[][] {
  const { kinds } = rules.reducers;
  if (kinds.length === 0) return events.map(() => NO_TOUCHES);
  return events.map((event) =>
    secondEntities(kinds, event).map((entity) => ({ entity, partition: partitionOf(entity, partitions) })),
  );
}
const NO_TOUCHES: Touch[] = [];

/** The forwarded events that are not in the states yet, and how far each origin comes with them. */
function newForwards(
  { catalogue, marks: before }: Partition,
  entries: readonly Entry[],
  withoutMarks: boolean,
): { readonly forwarded: LoggedEvent[]; readonly marks: Map<number, Position> } {
  const forwarded: LoggedEvent[] = [];
  const marks = new Map<number, Position>();
  for (const { forward } of entries) {
    // of states that a replay has replaced: it sends all that the lake does not hold again
    if (!forward || forward.generation !== catalogue.generation) continue;
    const { origin, events } = forward;
    // one event may touch several entities here: the mark that is asked is the one before this entry
    const mark = marks.get(origin) ?? before.get(origin);
    for (const event of events)
      if (withoutMarks || !mark || comparePositions(event.position, mark) > 0) forwarded.push(event);
    const end = events.at(-1)?.position;
    if (end && (!mark || comparePositions(end, mark) > 0)) marks.set(origin, end);
  }
  return { forwarded, marks };
}

/** The stored values by entity key. @throws Fenced when the cursor is no longer where this worker left it */
async function readStates(
  redis: CommitConnection,
  { index, catalogue, cursor }: Partition,
  entities: readonly EntityRef[],
  without: Guard | undefined,
): Promise<Map<string, Uint8Array>> {
  const stored = new Map<string, Uint8Array>();
  const [now, ...values] = await redis.mgetBuffer(
    cursorKey(index),
    ...entities.map((entity) => stateKey(index, catalogue.generation, entity)),
  );
  if ((now?.toString() ?? "0-0") !== entryText(cursor) && without !== "fence")
    throw new Fenced(`partition ${index} is at ${now ?? "its start"}`);
  values.forEach((value, i) => {
    if (value) stored.set(entityKey(entities[i]), value);
  });
  return stored;
}

async function readBuckets(
  redis: CommitConnection,
  { index, catalogue }: Partition,
  open: OpenChunk<LoggedText>,
): Promise<void> {
  await Promise.all(
    open.wantedBuckets().map(async (wanted) => {
      const key = idsKey(index, catalogue.generation, wanted.day, wanted.entity);
      open.load(wanted, await redis.hmgetBuffer(key, ...wanted.buckets.map(String)));
    }),
  );
}

/** Which of these events the log holds already: in the lake, or applied and on their way there. */
async function heldByLog(
  parts: LakeWriter,
  partition: Partition,
  suspects: readonly LoggedText[],
): Promise<Set<LoggedEvent>> {
  const held = new Set<LoggedEvent>();
  const elsewhere: LoggedText[] = [];
  // what waits for the lake first: a part may be claimed meanwhile
  for (const event of suspects) {
    if (partition.unlaked.has(event)) held.add(event);
    else elsewhere.push(event);
  }
  if (elsewhere.length > 0) for (const i of await parts.find(partition.index, elsewhere)) held.add(elsewhere[i]);
  return held;
}

/**
 * The accepted events that touch entities of other partitions: one entry a receiver. Never more: of two, the second
 * alone might arrive, and its mark would say that the first had.
 */
function packForwards(
  { index, catalogue }: Partition,
  events: readonly LoggedText[],
  touches: readonly (readonly Touch[])[],
  { duplicate }: Applied,
): NewEntry[] {
  const packers = new Map<number, ForwardPacker>();
  events.forEach((event, i) => {
    if (duplicate[i] === 1) return;
    for (const { entity, partition } of touches[i]) {
      if (partition === index) continue;
      const packer = packers.get(partition) ?? new ForwardPacker(index, catalogue.generation);
      packers.set(partition, packer);
      packer.add(event, entity);
    }
  });
  return [...packers].map(([to, packer]) => [to, packer.bytes()]);
}

function commitArguments(
  { index, catalogue }: Partition,
  { values }: Applied,
  commit: {
    readonly from: string;
    readonly to: string;
    readonly masks: readonly [{ ms: number; seq: number }, Buffer][];
    readonly marks: ReadonlyMap<number, Position>;
  },
): (string | number | Buffer)[] {
  const keys: string[] = [];
  const buckets: (string | number | Buffer)[] = [];
  for (const { entity, sealed } of values) {
    if (!sealed) continue;
    for (const [day, changed] of sealed.write) {
      keys.push(idsKey(index, catalogue.generation, day, entity));
      buckets.push(changed.size);
      for (const [bucket, bytes] of changed) buckets.push(bucket, bytes);
    }
    for (const day of sealed.forget) {
      keys.push(idsKey(index, catalogue.generation, day, entity));
      buckets.push(0);
    }
  }
  const args: (string | number | Buffer)[] = [4 + keys.length];
  args.push(cursorKey(index), catalogueKey(index), verdictsKey(index), marksKey(index));
  for (const key of keys) args.push(key);
  args.push(commit.from, commit.to, catalogueText(catalogue));
  args.push(values.length, statePrefix(index, catalogue.generation), packStates(values));
  args.push(commit.masks.length, commit.marks.size);
  for (const [id, mask] of commit.masks) args.push(entryText(id), mask);
  for (const [origin, position] of commit.marks) args.push(origin, positionText(position));
  for (const one of buckets) args.push(one);
  return args;
}
