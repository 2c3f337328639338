/** Failures a second that are answered at once. */
const FREE = 50;
/** An answer is held so long at least. */
const HELD_MS = 500;
/** And longer the more are held, so that all together are let go at 200 a second; but no longer than this. */
const EACH_MS = 5;
const HELD_LONGEST_MS = 10_000;
/** Answers held at a time; one more is let go at once, so that holding costs a bounded memory: some 2 kB each. */
const HELD_AT_MOST = 10_000;

/**
 * Slows down who fails at the door: beyond 50 failures a second in this process, an answer is held, half a second for
 * the first hundred and ten seconds from two thousand on. Refusing costs more than scoring, so without it a thousand
 * connections with wrong keys would keep everybody waiting; so they make some 250 requests a second, however many
 * they are up to two thousand. Who has a good key is never held.
 *
 * @param clock ms, never going back
 * @param sleep resolves after so many ms
 */
export function createSlowFailures(
  clock: () => number,
  sleep: (ms: number) => Promise<void> = later,
): () => Promise<void> | undefined {
  let second = 0;
  let failures = 0;
  let held = 0;
  return () => {
    const now = Math.floor(clock() / 1_000);
    if (now !== second) {
      second = now;
      failures = 0;
    }
    if (++failures <= FREE || held >= HELD_AT_MOST) return undefined;
    held++;
    return sleep(Math.min(HELD_LONGEST_MS, Math.max(HELD_MS, EACH_MS * held))).then(() => {
      held--;
    });
  };
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
