import type { Position } from "../events/position.ts";

/** A stream entry (one commit group) of one partition: a position without the place within the group. */
export type EntryId = Pick<Position, "ms" | "seq">;

export const NO_ENTRY: EntryId = Object.freeze({ ms: 0, seq: 0 });

/** Negative when `a` came before `b`. Entries of different partitions are not comparable. */
export const compareEntries = (a: EntryId, b: EntryId): number => a.ms - b.ms || a.seq - b.seq;

export const entryText = ({ ms, seq }: EntryId): string => `${ms}-${seq}`;

/** The id behind a text "ms-seq", or undefined when it is none. */
export function parseEntry(text: string): EntryId | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  return match ? { ms: Number(match[1]), seq: Number(match[2]) } : undefined;
}

/** The first id that can stand after this one. */
export const nextEntry = ({ ms, seq }: EntryId): EntryId => ({ ms, seq: seq + 1 });
