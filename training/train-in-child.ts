import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { PortraitError } from "../src/errors.ts";
import { type Order, type Report, toError } from "./child-messages.ts";
import type { Train } from "./worker.ts";

export interface TrainInChildOptions {
  /** The child's whole environment: it reads its configuration from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The most that the child's JavaScript heap may hold; Node's own limit when it is not given. */
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
  /** How long it may take to end by itself before it is killed. */
  readonly graceMs?: number;
  /** What runs in the child; tests give a script of their own. */
  readonly script?: string;
  /** Where its log lines go. */
  readonly stderr?: "inherit" | "ignore";
}

/** `child.ts` as it lies here: TypeScript in development, JavaScript in dist/. */
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const CHILD = fileURLToPath(new URL(`./child.${extension}`, import.meta.url));

/**
 * Trains in a process of its own, niced to +10: a busy processor then delays neither the answers of an API on the
 * same machine nor the renewal of the job's lock. The child is asked to end when the signal fires or the time is
 * over, and killed when it does not.
 */
export function trainInChild({
  env,
  memoryMb,
  timeoutMs = 3_600_000,
  graceMs = 5_000,
  script = CHILD,
  stderr = "inherit",
}: TrainInChildOptions): Train {
  return (payload, { jobId, askedAt, onProgress, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const child = fork(script, [], {
        env: { ...env },
        execArgv: [
          ...(script.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : []),
          ...(memoryMb === undefined ? [] : [`--max-old-space-size=${memoryMb}`]),
        ],
        stdio: ["ignore", "ignore", stderr, "ipc"],
      });
      lower(child);

      let last: Exclude<Report, { kind: "progress" }> | undefined;
      let timedOut = false;
      let grace: NodeJS.Timeout | undefined;
      const end = () => {
        child.kill("SIGTERM");
        grace ??= setTimeout(() => child.kill("SIGKILL"), graceMs);
      };
      const timer = setTimeout(() => {
        timedOut = true;
        end();
      }, timeoutMs);
      signal.addEventListener("abort", end, { once: true });

      child.on("message", (report: Report) => {
        if (report.kind === "progress") onProgress(report.progress);
        else last = report;
      });
      child.once("error", reject);
      child.once("exit", (code, sign) => {
        clearTimeout(timer);
        clearTimeout(grace);
        signal.removeEventListener("abort", end);
        if (last?.kind === "result") return resolve(last.result);
        if (timedOut)
          return reject(
            new PortraitError("TRAINING_CANCELLED", `The training took longer than ${timeoutMs / 60_000} minutes`),
          );
        if (signal.aborted) return reject(signal.reason);
        reject(last ? toError(last) : new Error(deathNote(code, sign)));
      });
      child.send({ payload, jobId, askedAt } satisfies Order, (error) => {
        if (error) end();
      });
    });
}

function lower(child: ChildProcess): void {
  try {
    if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended already, or this system knows no priorities: neither keeps it from training
  }
}

const deathNote = (code: number | null, sign: string | null) =>
  sign === "SIGABRT" || sign === "SIGKILL" || code === 134
    ? `The training process ended with ${sign ?? code}, probably for want of memory. Give the worker more (--memory), or learn from less.`
    : `The training process ended with ${sign ?? code} and said nothing.`;
