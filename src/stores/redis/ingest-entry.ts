import { PortraitError } from "../../errors.ts";
import { unpackEntry } from "../../events/entry-codec.ts";
import type { LoggedText } from "../../events/logged-text.ts";
import { type EntryId, parseEntry } from "../entry-id.ts";
import { type Erasure, isErasure, unpackErasure } from "./erasure-entry.ts";
import { type Forward, isForward, unpackForward } from "./forward-codec.ts";

export type RawEntry = [id: Buffer, fields: Buffer[]];

/** One entry of a partition's stream: a commit group from the door, a forward from another partition, or an erasure. */
export interface Entry {
  readonly id: EntryId;
  /** As the log holds it. */
  readonly bytes: Buffer;
  /** Empty when it is a forward or an erasure. */
  readonly events: readonly LoggedText[];
  readonly forward?: Forward;
  readonly erasure?: Erasure;
}

export function toEntry([rawId, fields]: RawEntry, partition: number): Entry {
  const id = wantEntry(rawId.toString());
  const bytes = fields[1];
  if (isErasure(bytes)) return { id, bytes, events: [], erasure: unpackErasure(bytes) };
  return isForward(bytes)
    ? { id, bytes, events: [], forward: unpackForward(bytes) }
    : { id, bytes, events: unpackEntry(bytes, partition, id.ms, id.seq) };
}

/** @throws PortraitError LOG_BROKEN */
export function wantEntry(text: string): EntryId {
  const id = parseEntry(text);
  if (!id) throw new PortraitError("LOG_BROKEN", `Wanted a stream entry id in Redis, found "${text.slice(0, 40)}".`);
  return id;
}

/** One bit an event, set for duplicates; only entries that have some. */
export function verdictMasks(entries: readonly Entry[], duplicate: Uint8Array): [EntryId, Buffer][] {
  const masks: [EntryId, Buffer][] = [];
  let at = 0;
  for (const { id, events } of entries) {
    let mask: Buffer | undefined;
    for (let i = 0; i < events.length; i++) {
      if (duplicate[at + i] === 0) continue;
      mask ??= Buffer.alloc((events.length + 7) >> 3);
      mask[i >> 3] |= 1 << (i & 7);
    }
    if (mask) masks.push([id, mask]);
    at += events.length;
  }
  return masks;
}

/** Whether a mask calls the event in this place a duplicate. */
export const isMasked = (mask: Buffer, place: number): boolean => ((mask[place >> 3] >> (place & 7)) & 1) === 1;

/** Those of an entry's events that its mask does not call duplicates. */
export const acceptedBy = (mask: Buffer | undefined, events: readonly LoggedText[]): readonly LoggedText[] =>
  mask ? events.filter((_, i) => !isMasked(mask, i)) : events;

/** How many of an entry's events its mask calls duplicates. */
export function countMasked(mask: Buffer | undefined, events: number): number {
  let count = 0;
  for (let i = 0; mask && i < events; i++) if (isMasked(mask, i)) count++;
  return count;
}
