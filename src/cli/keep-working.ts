import { type ChildProcess, fork } from "node:child_process";
import type { Log } from "../log.ts";

export interface KeptWorker {
  /** Resolves when it first takes events, or has ended (the log says why) and will be tried again. */
  readonly ready: Promise<void>;
  /** Asks the worker to end, waits, and kills it when it does not. */
  close(): Promise<void>;
}

const GRACE_MS = 30_000;
/** One that ends before it takes events will do so again until somebody mends it: it is tried more and more seldom. */
const LONGEST_PAUSE_MS = 30_000;

/** Runs `portrait work` as a child process, and again when it ends by itself. */
export function keepWorking(
  env: Readonly<Record<string, string | undefined>>,
  { json, log, pauseMs = 2_000 }: { readonly json: boolean; readonly log: Log; readonly pauseMs?: number },
): KeptWorker {
  let child: ChildProcess;
  let over = Promise.resolve();
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let pause = pauseMs;

  const start = (): Promise<void> =>
    new Promise((ready) => {
      // the same program that runs now, so that development and dist start their own kind
      child = fork(process.argv[1], ["work", ...(json ? ["--json"] : [])], {
        env: { ...env },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      let works = false;
      child.once("message", () => {
        works = true;
        ready();
      });
      over = new Promise((ended) => {
        child.once("exit", (code, signal) => {
          ended();
          ready();
          if (closing) return;
          pause = works ? pauseMs : Math.min(2 * pause, LONGEST_PAUSE_MS);
          log.warn({ code, signal }, "the worker ended and is started again; scoring goes on");
          timer = setTimeout(() => void start(), pause);
        });
      });
    });

  return {
    ready: start(),
    async close() {
      closing = true;
      clearTimeout(timer);
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await over;
      clearTimeout(kill);
    },
  };
}
