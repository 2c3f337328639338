import { PortraitError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Certificate } from "./certificate.ts";
import type { ErasureQueue, ErasureWanted } from "./erasures.ts";

export interface ErasingOptions {
  readonly queue: Pick<ErasureQueue, "claim" | "settle">;
  readonly erase: (wanted: ErasureWanted) => Promise<Certificate>;
  /** Called when the queue has forgotten an entity too. */
  readonly settled: () => Promise<unknown>;
  readonly everyMs?: number;
  readonly log: Log;
}

/**
 * Does the erasures that were asked for, one after the other. One that fails for a reason that passes waits for the
 * next turn; another one ends with its code.
 *
 * @returns close: waits for the one in hand
 */
export function startErasing({ queue, erase, settled, everyMs = 1_000, log }: ErasingOptions): () => Promise<void> {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function turn(): Promise<void> {
    const claim = await queue.claim();
    if (!claim) return;
    try {
      let ended = 0;
      for (const wanted of claim.waiting) {
        if (closed) break;
        if (await one(wanted)) ended++;
      }
      if (ended > 0) await settled();
    } finally {
      await claim.release();
    }
  }

  /** @returns whether it has come to its end */
  async function one(wanted: ErasureWanted): Promise<boolean> {
    const { id } = wanted;
    try {
      const certificate = await erase(wanted);
      await queue.settle(wanted, { certificate });
      log.info({ erasure: id, ...certificate.gone }, "an entity was erased");
      return true;
    } catch (error) {
      const known = error instanceof PortraitError;
      log.error({ erasure: id, code: known ? error.code : "INTERNAL", reason: wordsOf(error) }, "an erasure failed");
      if (known && error.retry) return false;
      await queue.settle(wanted, { code: known ? error.code : "INTERNAL" });
      return true;
    }
  }

  let running = Promise.resolve();
  const later = () => {
    timer = setTimeout(() => {
      running = turn()
        .catch((error: unknown) => log.warn({ reason: wordsOf(error) }, "erasures could not be looked at"))
        .finally(() => {
          if (!closed) later();
        });
    }, everyMs);
  };
  later();
  return async () => {
    closed = true;
    clearTimeout(timer);
    await running;
  };
}

/** Messages of ours name nobody; of a bug only its kind is told. */
const wordsOf = (error: unknown): string =>
  error instanceof PortraitError ? error.message : error instanceof Error ? error.name : "unknown";
