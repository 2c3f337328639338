import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { PORTRAIT } from "./main.ts";

/** The key that processes started here accept. */
export const KEY = "test-key-of-more-than-twenty-characters";

export interface PortraitProcess {
  /** Its log so far: one object a line on standard error. */
  readonly said: readonly Record<string, unknown>[];
  readonly out: () => string;
  readonly pid: number;
  /** The first log line with these words. @throws Error when it ends before, or does not come in time */
  hear(words: string, ms?: number): Promise<Record<string, unknown>>;
  /** Sends a signal and answers the exit code once it has ended. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves with the exit code when it ends by itself. */
  readonly ended: Promise<number | null>;
}

/** Runs `portrait …` as a real process of its own, ended with the test. */
export function portrait(args: readonly string[], env: Readonly<Record<string, string | undefined>>): PortraitProcess {
  const child: ChildProcess = spawn(process.execPath, [...PORTRAIT, ...args], {
    env: { ...process.env, PORT: "0", PORTRAIT_API_KEY: KEY, LOG_LEVEL: "info", REDIS_URL: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  let out = "";
  let rest = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr?.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.trim()) continue;
      said.push(line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : { msg: line });
    }
    for (const hear of listeners) hear();
  });
  let over: number | null | undefined;
  const ended = new Promise<number | null>((done) => {
    child.once("close", (code) => {
      over = code;
      done(code);
      for (const hear of listeners) hear();
    });
  });
  const end = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  onTestFinished(async () => {
    const kill = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await end();
    clearTimeout(kill);
  });

  return {
    said,
    out: () => out,
    pid: child.pid ?? 0,
    ended,
    end,
    hear: (words, ms = 120_000) =>
      new Promise((found, missed) => {
        const timer = setTimeout(() => give(`it did not say "${words}" in ${ms} ms`), ms);
        const give = (why: string) => {
          clearTimeout(timer);
          listeners.delete(look);
          missed(
            new Error(
              `portrait ${args.join(" ")}: ${why}; it said\n${said.map((l) => JSON.stringify(l)).join("\n")}${rest}`,
            ),
          );
        };
        const look = () => {
          const line = said.find(({ msg }) => typeof msg === "string" && msg.includes(words));
          if (line) {
            clearTimeout(timer);
            listeners.delete(look);
            found(line);
          } else if (over !== undefined) give(`it ended with ${over} before it said "${words}"`);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Asks a running API with the test's key. */
export const ask = (url: string, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${KEY}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
