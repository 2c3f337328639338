import { PortraitError } from "../errors.ts";
import { createWaitingLine, type InLine } from "./waiting-line.ts";

/**
 * The work's answer, or REDIS_AWAY when it is late. With `told` and `failed`, what they make of the answer or of the
 * error: in the same turn, where a promise of their own would be one more to wait for.
 */
export interface WithinDeadline {
  <Answer>(work: () => Promise<Answer> | Answer): Promise<Answer> | Answer;
  <Answer, Told>(
    work: () => Promise<Answer> | Answer,
    told: (answer: Answer) => Told,
    failed: (error: unknown) => Told | Promise<Told>,
  ): Promise<Told> | Told;
}

interface Waiting extends InLine {
  readonly due: number;
  readonly fail: (error: unknown) => void;
}

/**
 * A handler computes for milliseconds; whatever takes longer waits for a neighbour that neither answers nor breaks off,
 * and the caller must not wait with it.
 *
 * All have the same patience, so they fall due in the order in which they began: one timer watches the first of them,
 * where a timer for each would be set and cleared thousands of times a second.
 */
export function createDeadline(ms: number): WithinDeadline {
  const waiting = createWaitingLine<Waiting>();
  let watching = false;

  function watch(): void {
    const first = waiting.first();
    watching = first !== undefined;
    if (first) setTimeout(giveUp, Math.max(1, first.due - performance.now())).unref();
  }
  function giveUp(): void {
    const now = performance.now();
    for (let one = waiting.first(); one !== undefined && one.due <= now; one = waiting.first()) {
      waiting.leave(one);
      one.fail(new PortraitError("REDIS_AWAY", `Redis or the disk did not answer within ${ms / 1_000} s. Try again.`));
    }
    watch();
  }

  return <Answer, Told>(
    work: () => Promise<Answer> | Answer,
    told: (answer: Answer) => Told = asItIs,
    failed: (error: unknown) => Told | Promise<Told> = thrown,
  ) => {
    const answer = work();
    if (!(answer instanceof Promise)) return told(answer);
    return new Promise<Told>((resolve, reject) => {
      const fail = (error: unknown) => {
        try {
          resolve(failed(error));
        } catch (thrown) {
          reject(thrown);
        }
      };
      const one: Waiting = { due: performance.now() + ms, fail, before: undefined, after: undefined };
      waiting.join(one);
      if (!watching) watch();
      // of what is late was told already
      answer.then(
        (value) => {
          if (!waiting.leave(one)) return;
          try {
            resolve(told(value));
          } catch (error) {
            fail(error);
          }
        },
        (error) => {
          if (waiting.leave(one)) fail(error);
        },
      );
    });
  };
}

const asItIs = <Answer, Told>(answer: Answer) => answer as unknown as Told;

function thrown(error: unknown): never {
  throw error;
}
