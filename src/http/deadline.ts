import { PortraitError } from "../errors.ts";

/** The work's answer, or REDIS_AWAY when it is late. */
export type WithinDeadline = <Answer>(work: () => Promise<Answer> | Answer) => Promise<Answer> | Answer;

interface Waiting {
  readonly due: number;
  readonly late: () => void;
}

/**
 * A handler computes for milliseconds; whatever takes longer waits for a neighbour that neither answers nor breaks off,
 * and the caller must not wait with it.
 *
 * All have the same patience, so they fall due in the order in which they began: one timer watches the first of them,
 * where a timer for each would be set and cleared thousands of times a second.
 */
export function createDeadline(ms: number): WithinDeadline {
  const waiting = new Set<Waiting>();
  let watching = false;

  function watch(): void {
    const [first] = waiting;
    watching = first !== undefined;
    if (first) setTimeout(giveUp, Math.max(1, first.due - performance.now())).unref();
  }
  function giveUp(): void {
    const now = performance.now();
    for (const one of waiting) {
      if (one.due > now) break;
      waiting.delete(one);
      one.late();
    }
    watch();
  }

  return <Answer>(work: () => Promise<Answer> | Answer) => {
    const answer = work();
    if (!(answer instanceof Promise)) return answer;
    return new Promise<Answer>((resolve, reject) => {
      const one: Waiting = {
        due: performance.now() + ms,
        late: () =>
          reject(
            new PortraitError("REDIS_AWAY", `Redis or the disk did not answer within ${ms / 1_000} s. Try again.`),
          ),
      };
      waiting.add(one);
      if (!watching) watch();
      answer.then(
        (value) => {
          waiting.delete(one);
          resolve(value);
        },
        (error) => {
          waiting.delete(one);
          reject(error);
        },
      );
    });
  };
}
