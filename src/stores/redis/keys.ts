import { type EntityRef, entityKey } from "../../events/event.ts";

/**
 * Redis keys. All keys of a partition carry its hash tag `{p<i>}`, so that they lie on one slot of a cluster and
 * one script may write them together.
 *
 * | key | holds |
 * |---|---|
 * | `log:{p0}` | stream; an entry is one commit group (see events/entry-codec.ts) in the field `b` |
 * | `cursor:{p0}` | the last entry whose events are in the states |
 * | `catalogue:{p0}` | `<generation>:<digest>` of the states in force |
 * | `verdicts:{p0}` | entry → bit mask of its duplicates, until its part is in the lake |
 * | `laked:{p0}` | the last entry known to be in the lake; what is older may be gone from the stream |
 * | `s:{p0}:<generation>:<kind>:<id>` | stored value of one entity (see features/stored-value.ts) |
 * | `i:{p0}:<generation>:<day>:<kind>:<id>` | hash: bucket → known ids of a sealed day (see features/known-ids.ts) |
 * | `scores:{p0}:<kind>:<id>` | hash: model → its score of the last population run (see kept-scores.ts); goes after 90 days |
 * | `answered:<digest>` | which receipt answered a call that recorded its event, for a day (see answered-calls.ts) |
 * | `marks:{p0}` | hash: origin partition → position of the last event forwarded from there that is in the states |
 * | `erasures:wanted` | hash: entity → the erasure that somebody asked for; see erasures.ts |
 * | `lease:{p0}` | the worker that applies this partition |
 * | `log:partitions` | how many there are, for ever |
 * | `log:secret` | 16 bytes: the key of the message id hash |
 * | `log:workers` | sorted set: worker → the moment (ms, Redis's clock) until which it counts as alive |
 */
export const KEYS = { partitions: "log:partitions", secret: "log:secret", workers: "log:workers" } as const;

export const logKey = (partition: number): string => `log:{p${partition}}`;
export const cursorKey = (partition: number): string => `cursor:{p${partition}}`;
export const catalogueKey = (partition: number): string => `catalogue:{p${partition}}`;
export const verdictsKey = (partition: number): string => `verdicts:{p${partition}}`;
export const lakedKey = (partition: number): string => `laked:{p${partition}}`;
export const marksKey = (partition: number): string => `marks:{p${partition}}`;
export const leaseKey = (partition: number): string => `lease:{p${partition}}`;

/** States are kept by generation: a replay writes the next one beside the one in force, then swaps. */
export const statePrefix = (partition: number, generation: number): string => `s:{p${partition}}:${generation}:`;

export const stateKey = (partition: number, generation: number, entity: EntityRef): string =>
  statePrefix(partition, generation) + entityKey(entity);

/** The known ids of one sealed day of one entity. */
export const idsKey = (partition: number, generation: number, day: number, entity: EntityRef): string =>
  `i:{p${partition}}:${generation}:${day}:${entityKey(entity)}`;

/** Partition and generation of a key of states or ids, or undefined when it is none. */
export function parseGeneration(key: string): { readonly partition: number; readonly generation: number } | undefined {
  const match = /^[si]:\{p(\d+)\}:(\d+):/.exec(key);
  return match ? { partition: Number(match[1]), generation: Number(match[2]) } : undefined;
}

/** The entity behind a state key, or undefined when it is none. */
export function parseStateKey(
  key: string,
): { readonly partition: number; readonly generation: number; readonly entity: EntityRef } | undefined {
  const match = /^s:\{p(\d+)\}:(\d+):([^:]+):(.*)$/s.exec(key);
  return match
    ? { partition: Number(match[1]), generation: Number(match[2]), entity: { kind: match[3], id: match[4] } }
    : undefined;
}
