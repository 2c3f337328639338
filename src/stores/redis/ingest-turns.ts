import type { News } from "./ingest-read.ts";

/**
 * Chunks are applied side by side, so that one computes while others wait for Redis, which stands still for as long as its
 * disk takes to sync: with fsyncs of 3 ms a heavy one computes for 20 ms and waits for 50. Eight heavy ones; no more, since
 * what is unpacked is copied by every collection of garbage until it is committed.
 */
const MOST_BYTES = 1_536 << 10;

export interface Turns {
  /**
   * Begins to apply each in its order, when there is room and what was begun of its partition has ended. Resolves when
   * the last has begun.
   *
   * @throws what the first that failed threw, when all that was begun has ended; nothing is begun after a failure
   */
  begin(news: readonly News[]): Promise<void>;
  /** Resolves when all that was begun has ended. @throws as `begin` */
  ended(): Promise<void>;
  /** Whether nothing is under way. */
  readonly idle: boolean;
}

/** Applies chunks of several partitions at once, and those of one partition one after the other. */
export function createTurns(apply: (one: News) => Promise<void>): Turns {
  const running = new Map<News["partition"], Promise<void>>();
  let bytes = 0;
  let failed: { readonly reason: unknown } | undefined;

  const mustWait = (one: News): boolean =>
    running.size > 0 && (running.has(one.partition) || bytes + one.bytes > MOST_BYTES);

  function start(one: News): void {
    bytes += one.bytes;
    const turn = apply(one)
      .catch((reason) => {
        failed ??= { reason };
      })
      .finally(() => {
        bytes -= one.bytes;
        running.delete(one.partition);
      });
    running.set(one.partition, turn);
  }

  async function ended(): Promise<void> {
    await Promise.all(running.values());
    if (failed) throw failed.reason;
  }

  return {
    async begin(news) {
      for (const one of news) {
        while (!failed && mustWait(one)) await Promise.race(running.values());
        if (failed) break;
        start(one);
      }
      if (failed) await ended();
    },
    ended,
    get idle() {
      return running.size === 0;
    },
  };
}
