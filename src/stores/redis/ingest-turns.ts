import type { News } from "./ingest-read.ts";

/**
 * Partitions are applied side by side while they are light together, so that one computes while others wait for Redis.
 * Behind, when chunks are long, there is always something to compute: then few at a time, since everything that is
 * unpacked at once is copied by each collection of garbage until it is committed.
 */
const MOST_BYTES = 192 << 10;

/**
 * Applies news in their order, and lets what was begun come to its end before it throws.
 *
 * @throws what the first that failed threw
 */
export async function inTurns(news: readonly News[], apply: (one: News) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  let bytes = 0;
  let failed: { readonly reason: unknown } | undefined;
  for (const one of news) {
    while (running.size > 0 && bytes + one.bytes > MOST_BYTES) await Promise.race(running);
    if (failed) break;
    bytes += one.bytes;
    const turn: Promise<void> = apply(one)
      .catch((reason) => {
        failed ??= { reason };
      })
      .finally(() => {
        bytes -= one.bytes;
        running.delete(turn);
      });
    running.add(turn);
  }
  await Promise.all(running);
  if (failed) throw failed.reason;
}
