import { entityKey } from "../../events/event.ts";
import { partitionOf } from "../../events/partition-of.ts";
import { comparePositions, type Position, parsePosition } from "../../events/position.ts";
import type { Reach } from "../../events/reach.ts";
import { type RebuiltState, statesFromLake } from "../../features/states-from-lake.ts";
import { readStored } from "../../features/stored-value.ts";
import { cataloguesInForce } from "./generations.ts";
import { marksKey, stateKey } from "./keys.ts";
import { agreeOnPartitions } from "./partitions.ts";
import { pages, type ReplayOptions, rulesOf } from "./replay-states.ts";
import { type PlacedValue, sameSealed, stateKeys } from "./state-keys.ts";

export interface VerifySummary {
  /** Entities in the lake: those that events happened to, and those that events name. */
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
  /** Second entities to which events of the lake are still on their way: not compared. */
  readonly behind: number;
}

type Ends = (partition: number) => Position | undefined;

/**
 * Compares every stored state with what the lake alone gives, byte for byte, with the known ids beside it. Reads only,
 * and may run beside a worker.
 *
 * @throws PortraitError LAKE_BROKEN, CONFIG_INVALID
 */
export async function verifyStates(options: ReplayOptions): Promise<VerifySummary> {
  const { redis, lake, partitions, onProgress } = options;
  await agreeOnPartitions(redis, partitions);
  const generations = (await cataloguesInForce(redis, partitions)).map((one) => one?.generation ?? 0);
  const marks = await allMarks(options); // before the states: what a mark says is in, is in
  const { events: total } = await lake.extent();
  const result = { entities: 0, equal: 0, different: 0, missing: 0, extra: 0, ahead: 0, behind: 0 };
  const seen = new Set<string>();
  let events = 0;
  for await (const page of pages(statesFromLake(lake, await rulesOf(options)))) {
    const verdicts = await Promise.all(
      page.map(async (rebuilt) => {
        const partition = partitionOf(rebuilt.entity, partitions);
        const value = await redis.getBuffer(stateKey(partition, generations[partition], rebuilt.entity));
        const verdict = judge(rebuilt, value, partition, (origin) => marks[partition].get(origin));
        const placed: PlacedValue = { ...rebuilt, partition };
        return verdict === "equal" && !(await sameSealed(redis, generations[partition], placed))
          ? "different"
          : verdict;
      }),
    );
    page.forEach((rebuilt, i) => {
      seen.add(entityKey(rebuilt.entity));
      result[verdicts[i]]++;
      result.entities++;
      events += rebuilt.events;
    });
    onProgress?.(Math.min(1, events / Math.max(1, total)), `${events.toLocaleString("en")} events`);
  }
  const ends = await lake.end();
  for await (const keys of stateKeys(redis)) {
    for (const { key, partition, generation, entity } of keys) {
      if (generation !== generations[partition] || seen.has(entityKey(entity))) continue;
      const value = await redis.getBuffer(key);
      if (!value) continue;
      seen.add(entityKey(entity));
      result[isBeyond(readStored(value).reach, (of) => ends.get(of)) ? "ahead" : "extra"]++;
    }
  }
  return result;
}

function judge(
  rebuilt: RebuiltState,
  value: Buffer | null,
  own: number,
  markOf: Ends,
): "equal" | "different" | "missing" | "ahead" | "behind" {
  if (value?.equals(rebuilt.bytes)) return "equal";
  const reach = value ? readStored(value).reach : [];
  const rebuiltEnd = endsOf(rebuilt.reach);
  if (isBeyond(reach, rebuiltEnd)) return "ahead";
  const others = rebuilt.reach.filter(({ partition }) => partition !== own);
  if (isBeyond(others, markOf)) return "behind";
  return value ? "different" : "missing";
}

const endsOf = (reach: Reach): Ends => {
  const ends = new Map(reach.map((line) => [line.partition, line.position]));
  return (partition) => ends.get(partition);
};

/** Whether something holds events after these ends. */
const isBeyond = (reach: Reach, endOf: Ends): boolean =>
  reach.some(({ partition, position }) => {
    const end = endOf(partition);
    return end === undefined || comparePositions(position, end) > 0;
  });

function allMarks({ redis, partitions }: ReplayOptions): Promise<Map<number, Position>[]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const marks = new Map<number, Position>();
      for (const [origin, text] of Object.entries(await redis.hgetall(marksKey(partition)))) {
        const position = parsePosition(text);
        if (position) marks.set(Number(origin), position);
      }
      return marks;
    }),
  );
}
