import type { Entry } from "./ingest-entry.ts";

/** How long events waited on their way, in ms of all of them together: `waited / events` is the mean. */
export interface Waits {
  /** From the door: in the log until they were read, then until the states were written. */
  readonly first: Waited;
  /** From another partition to a second entity of theirs: the same, from the moment they were forwarded. */
  readonly second: Waited;
}

interface Waited {
  events: number;
  unreadMs: number;
  unappliedMs: number;
}

export const noWaits = (): Waits => ({
  first: { events: 0, unreadMs: 0, unappliedMs: 0 },
  second: { events: 0, unreadMs: 0, unappliedMs: 0 },
});

/**
 * Adds the entries of one chunk, by the clock of Redis, which gave them their ids, and ours.
 *
 * @param read when they were read, ms
 * @param applied when they were written, ms
 */
export function countWaits(waits: Waits, entries: readonly Entry[], read: number, applied: number): void {
  for (const { id, events, forward } of entries) {
    const waited = forward ? waits.second : waits.first;
    const count = forward ? forward.events.length : events.length;
    waited.events += count;
    waited.unreadMs += count * Math.max(0, read - id.ms);
    waited.unappliedMs += count * Math.max(0, applied - read);
  }
}
