import { setTimeout as sleep } from "node:timers/promises";
import { compactLake } from "../../src/stores/lake/compact-lake.ts";
import type { FaultPoint } from "../../src/stores/redis/ingest-guards.ts";
import {
  type IngestWorker,
  type IngestWorkerOptions,
  startIngestWorker,
} from "../../src/stores/redis/ingest-worker.ts";

/** Sends so many events; they are acknowledged when it resolves. */
export type Send = (events: number) => Promise<void>;

/** Where a frozen process would go on to change something. */
const CHANGES: readonly FaultPoint[] = ["before-forward", "before-commit", "before-claim"];

const EVENTS = 200;

export function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Freezes a worker (a paused machine, a hanging disk) when a part is written and not yet claimed. */
function createFreezer(armed: boolean) {
  const frozen = signal();
  const thawed = signal();
  let waits = armed;
  let isFrozen = false;
  return {
    fault: async (point: FaultPoint) => {
      if (waits && point === "before-claim") {
        isFrozen = true;
        frozen.resolve();
      }
      if (isFrozen && CHANGES.includes(point)) await thawed.promise;
    },
    arm: () => {
      waits = true;
    },
    frozen: frozen.promise,
    thaw: thawed.resolve,
  };
}

/**
 * An owner freezes. Meanwhile a rival that knows the same end of the lake applies more, claims a longer part under the
 * same name and trims the log. Then the owner goes on where it was: what it does next must change nothing.
 *
 * @param options of a worker that nobody else is; leases, faults and flushes are set here
 */
export async function freezeOwner(options: IngestWorkerOptions, send: Send): Promise<void> {
  const { fault, frozen, thaw } = createFreezer(true);
  const owner = await startIngestWorker({ ...options, fault });
  try {
    await send(EVENTS);
    await Promise.race([frozen, owner.ended]);
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

/**
 * A rival freezes before it claims a part, and the owner before it claims a longer one under the same name. The rival goes
 * on; compaction merges its part with those before it and takes it away. Then the owner goes on, finds its name free, and
 * must notice all the same that the lake no longer ends where its part begins.
 */
export async function freezeThroughMerge(options: IngestWorkerOptions, send: Send): Promise<void> {
  const later = createFreezer(false);
  const sooner = createFreezer(true);
  const owner = await startIngestWorker({ ...options, flushMs: 600_000, fault: later.fault });
  try {
    for (let part = 0; part < 3; part++) {
      await send(EVENTS);
      await owner.idle();
    }
    await applied(owner, send);
    const rival = await startIngestWorker({ ...options, flushMs: 10, leaseMs: 0, fault: sooner.fault });
    try {
      await Promise.race([sooner.frozen, rival.ended]);
      await applied(owner, send);
      later.arm();
      const ended = owner.idle();
      ended.catch(() => {});
      await Promise.race([later.frozen, owner.ended]);
      const closed = rival.close(); // it ends what it has begun, and begins nothing more
      sooner.thaw();
      await closed;
      for (const _ of ["merge", "take away"])
        await compactLake({ dir: options.lakeDir, minParts: 2, graceMs: 0, memoryMb: 200 });
      later.thaw();
      await ended;
    } finally {
      sooner.thaw();
      await rival.close();
    }
  } finally {
    later.thaw();
    await owner.close();
  }
}

/** Sends events and waits until the worker has applied them. @throws what the worker ended with */
export async function applied(worker: IngestWorker, send: Send): Promise<void> {
  const before = worker.stats().applied + worker.stats().duplicates;
  await send(EVENTS);
  while (worker.stats().applied + worker.stats().duplicates < before + EVENTS) {
    if (worker.stats().state === "ended") return worker.ended;
    await sleep(5);
  }
}
