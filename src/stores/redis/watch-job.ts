import { isFinished, type JobView } from "../../retraining/queue.ts";

/**
 * The job now, then each time it changes, to the finished view. Asks every `everyMs`: a watched job is a rare
 * thing, and one HGETALL four times a second is cheaper than a blocking connection held for each watcher.
 */
export function watchJob(ask: () => Promise<JobView | undefined>, everyMs: number): AsyncIterable<JobView> {
  return {
    [Symbol.asyncIterator]() {
      let last = "";
      let over = false;
      let wake = () => {};
      const pause = () =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      return {
        async next() {
          while (!over) {
            const view = await ask();
            if (view === undefined || over) break;
            const text = JSON.stringify(view);
            if (text !== last) {
              last = text;
              over = isFinished(view);
              return { value: view, done: false };
            }
            await pause();
          }
          over = true;
          return { value: undefined, done: true };
        },
        async return() {
          over = true;
          wake();
          return { value: undefined, done: true };
        },
      };
    },
  };
}
