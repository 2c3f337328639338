import { type ChildProcess, fork } from "node:child_process";
import type { Log } from "../log.ts";

export interface KeptWorker {
  /** Asks the worker to end, waits, and kills it when it does not. */
  close(): Promise<void>;
}

const GRACE_MS = 30_000;

/**
 * Runs `portrait work` as a child process, and again when it ends by itself. Resolves when it first takes events, or
 * has ended (the log says why) and will be tried again.
 */
export async function keepWorking(
  env: Readonly<Record<string, string | undefined>>,
  { json, log, pauseMs = 2_000 }: { readonly json: boolean; readonly log: Log; readonly pauseMs?: number },
): Promise<KeptWorker> {
  let child: ChildProcess;
  let over = Promise.resolve();
  let closing = false;
  let timer: NodeJS.Timeout | undefined;

  const start = (): Promise<void> =>
    new Promise((ready) => {
      // the same program that runs now, so that development and dist start their own kind
      child = fork(process.argv[1], ["work", ...(json ? ["--json"] : [])], {
        env: { ...env },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      child.once("message", () => ready());
      over = new Promise((ended) => {
        child.once("exit", (code, signal) => {
          ended();
          ready();
          if (closing) return;
          log.warn({ code, signal }, "the worker ended and is started again; scoring goes on");
          timer = setTimeout(() => void start(), pauseMs);
        });
      });
    });

  await start();
  return {
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
