import type { FaultPoint } from "../../src/stores/redis/ingest-guards.ts";
import { type IngestWorkerOptions, startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";

/** Where a frozen process would go on to change something. */
const CHANGES: readonly FaultPoint[] = ["before-forward", "before-commit", "before-claim"];

const EVENTS = 200;

/**
 * An owner freezes (a paused machine, a hanging disk) when its part is written and not yet claimed. Meanwhile a rival
 * that knows the same end of the lake applies more, claims a longer part under the same name and trims the log. Then the
 * owner goes on where it was: what it does next must change nothing.
 *
 * @param options of a worker that nobody else is; leases and faults are set here
 * @param send so many new events, acknowledged when it resolves
 */
export async function freezeOwner(
  options: IngestWorkerOptions,
  send: (events: number) => Promise<void>,
): Promise<void> {
  let frozen = false;
  let freeze = () => {};
  let thaw = () => {};
  const freezing = new Promise<void>((resolve) => {
    freeze = resolve;
  });
  const thawing = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  const owner = await startIngestWorker({
    ...options,
    async fault(point) {
      if (point === "before-claim") {
        frozen = true;
        freeze();
      }
      if (frozen && CHANGES.includes(point)) await thawing;
    },
  });
  try {
    await send(EVENTS);
    await Promise.race([freezing, owner.ended]);
    const rival = await startIngestWorker({ ...options, leaseMs: 0 });
    try {
      await send(EVENTS);
      await rival.idle();
    } finally {
      await rival.close();
    }
    thaw();
    await owner.idle();
  } finally {
    thaw();
    await owner.close();
  }
}
