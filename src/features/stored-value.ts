import { PortraitError } from "../errors.ts";
import type { Position } from "../events/position.ts";
import type { Reach } from "../events/reach.ts";
import { KnownIds, type Sealed } from "./known-ids.ts";
import type { StoredState } from "./state-store.ts";
import { readVarint, writeVarint } from "./varint.ts";

/** Raised whenever an older reader could misread a newer value. */
const FORMAT = 3;

const DAY_MS = 86_400_000;

export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/** What the store keeps of one entity, and what it keeps beside it. */
export interface StoredValue {
  readonly bytes: Buffer;
  readonly sealed: Sealed | undefined;
}

/**
 * What the store keeps of one entity:
 * format byte, varint number of partitions in its reach, for each varint partition, ms, seq and index of the last
 * event within, then known message ids, reducer bytes.
 *
 * It is a function of the set of accepted events alone, so a replay of the log gives the same bytes.
 */
export function encodeStored(reach: Reach, ids: KnownIds, horizonDays: number, state: Uint8Array): StoredValue {
  const known = ids.encode(ids.newestDay() - horizonDays);
  const bytes = Buffer.allocUnsafe(4 + 32 * reach.length + known.bytes.length + state.length);
  bytes[0] = FORMAT;
  let end = writeVarint(bytes, reach.length, 1);
  for (const { partition, position } of reach) {
    end = writeVarint(bytes, partition, end);
    end = writeVarint(bytes, position.ms, end);
    end = writeVarint(bytes, position.seq, end);
    end = writeVarint(bytes, position.index, end);
  }
  bytes.set(known.bytes, end);
  end += known.bytes.length;
  bytes.set(state, end);
  return { bytes: bytes.subarray(0, end + state.length), sealed: known.sealed };
}

/** Reach and reducer bytes, without building the ids. @throws PortraitError LOG_BROKEN */
export function readStored(value: Uint8Array): StoredState {
  const cursor = start(value);
  return guarded(() => {
    const reach = readReach(value, cursor);
    KnownIds.skip(value, cursor);
    return { reach, bytes: value.subarray(cursor.at) };
  });
}

/** All of it. @throws PortraitError LOG_BROKEN */
export function openStored(value: Uint8Array): StoredState & { readonly ids: KnownIds } {
  const cursor = start(value);
  return guarded(() => {
    const reach = readReach(value, cursor);
    const ids = KnownIds.decode(value, cursor);
    return { reach, ids, bytes: value.subarray(cursor.at) };
  });
}

/**
 * Whether an event is older, by its own clock, than the ids that are kept: then its id may have been forgotten
 * and only the lake can tell. `known` is never before `at`, so whatever is newer by its own clock is still kept.
 */
export const olderThanIds = (at: number, newestDay: number, horizonDays: number): boolean =>
  newestDay >= 0 && dayOf(at) < newestDay - horizonDays;

function readReach(value: Uint8Array, cursor: { at: number }): Reach {
  const lines = readVarint(value, cursor);
  if (lines > value.length) throw new RangeError("cut short");
  const reach: { partition: number; position: Position }[] = [];
  for (let i = 0; i < lines; i++) {
    const partition = readVarint(value, cursor);
    const ms = readVarint(value, cursor);
    const seq = readVarint(value, cursor);
    reach.push({ partition, position: { ms, seq, index: readVarint(value, cursor) } });
  }
  return reach;
}

const broken = (why: string) =>
  new PortraitError(
    "LOG_BROKEN",
    `A stored state cannot be read: ${why}. Rebuild the states with \`portrait replay\`.`,
  );

function start(value: Uint8Array): { at: number } {
  if (value[0] !== FORMAT) throw broken(`wanted format ${FORMAT}, found ${value[0] ?? "nothing"}`);
  return { at: 1 };
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw broken("it is cut short");
    throw error;
  }
}
