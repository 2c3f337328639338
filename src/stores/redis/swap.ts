import type { Log } from "../../log.ts";
import { connectPatient } from "./connect.ts";

/** Where a change of champion or segmentation is announced. The message says only that one should look. */
export const SWAP_CHANNEL = "portrait:swap";

export interface SwapWatch {
  /** Looks now; resolves when a look that began after this call is over. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface SwapWatchOptions {
  readonly redisUrl: string;
  /** Compares what is stored with what answers, and swaps. Never called twice at a time. */
  readonly look: () => Promise<void>;
  /** A message may be lost, a pointer is not: one looks this often in any case. */
  readonly everyMs?: number;
  readonly log: Log;
}

/** Calls `look` after each announcement, each time Redis comes back, and every few seconds. */
export function watchSwaps({ redisUrl, look, everyMs = 3_000, log }: SwapWatchOptions): SwapWatch {
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let closed = false;

  const once = async () => {
    try {
      if (!closed) await look();
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, "champions could not be looked at");
    }
  };
  const lookSoon = (): Promise<void> => {
    if (!running) {
      running = once().finally(() => {
        running = undefined;
      });
      return running;
    }
    queued ??= running.then(() => {
      queued = undefined;
      return lookSoon();
    });
    return queued;
  };

  const subscriber = connectPatient(redisUrl);
  subscriber.on("message", () => void lookSoon());
  subscriber.on("ready", () => void lookSoon());
  subscriber.subscribe(SWAP_CHANNEL).catch(() => {}); // rejected only by close
  const timer = setInterval(() => void lookSoon(), everyMs);

  return {
    look: lookSoon,
    async close() {
      closed = true;
      clearInterval(timer);
      subscriber.disconnect();
      await running;
    },
  };
}
