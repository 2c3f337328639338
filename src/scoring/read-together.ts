import { PortraitError } from "../errors.ts";
import type { EntityRef } from "../events/event.ts";
import type { StateStore, StoredState } from "../features/state-store.ts";

type Read = StateStore["read"];

interface Waiting {
  readonly entities: readonly EntityRef[];
  readonly done: (stored: (StoredState | undefined)[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * All readings of one turn of the event loop as one: what sixty requests ask for at once costs one round trip, one
 * write to the socket and one group of commands, where the commands of each would cost more than its score.
 *
 * A reading that fails for a reason that may be another's own (a state of another catalogue) is tried again alone.
 */
export function readTogether(read: Read): Read {
  let waiting: Waiting[] = [];

  async function readAll(): Promise<void> {
    const group = waiting;
    waiting = [];
    try {
      const stored = await read(group.flatMap(({ entities }) => entities));
      let at = 0;
      for (const { entities, done } of group) {
        done(stored.slice(at, at + entities.length));
        at += entities.length;
      }
    } catch (error) {
      const everybodys = group.length === 1 || (error instanceof PortraitError && error.code === "REDIS_AWAY");
      for (const { entities, done, failed } of group) everybodys ? failed(error) : read(entities).then(done, failed);
    }
  }

  return (entities) =>
    new Promise((done, failed) => {
      // after the sockets of this turn were read, not between them
      if (waiting.push({ entities, done, failed }) === 1) setImmediate(readAll);
    });
}
