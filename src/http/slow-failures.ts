/** Failures a second that are answered at once. */
const FREE = 50;
const HELD_MS = 500;
/** Answers held at a time; one more is let go at once, so that holding costs a bounded memory. */
const HELD_AT_MOST = 1_000;

/**
 * Slows down who fails at the door: beyond 50 failures a second in this process, an answer is held for half a second, so
 * that 64 connections with wrong keys make some hundred requests a second instead of ten thousand. Who has a good key is
 * never held.
 *
 * @param clock ms, never going back
 * @param sleep resolves after so many ms
 */
export function createSlowFailures(clock: () => number, sleep = later): () => Promise<void> | undefined {
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
    return sleep(HELD_MS).then(() => {
      held--;
    });
  };
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
