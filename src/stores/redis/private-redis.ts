import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";

export interface PrivateRedis {
  /** unix:///… */
  readonly url: string;
  readonly pid: number;
  /** Stops it politely (everything acknowledged is on disk) and waits for its end. */
  close(): Promise<void>;
  /** Ends it as a crash would. For tests. */
  kill(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Where the append-only file lives. */
  readonly dir: string;
  /**
   * `always`: an answer of success means on disk (group commit: one fsync for all that waits).
   * `everysec` would risk the last second on power loss; `no` is for tests.
   */
  readonly fsync: "always" | "everysec" | "no";
}

/**
 * Starts a redis-server of our own on a unix socket: no port, nobody else reaches it. AOF on, `noeviction`.
 *
 * The socket lies in the system's temporary folder when the path under `dir` would exceed the 107 bytes
 * that the kernel allows.
 *
 * @throws PortraitError DEPENDENCY_MISSING when redis-server is not installed.
 */
export async function startPrivateRedis({ dir, fsync }: PrivateRedisOptions): Promise<PrivateRedis> {
  mkdirSync(dir, { recursive: true });
  const near = join(dir, "redis.sock");
  const socket = Buffer.byteLength(near) < 100 ? near : join(tmpdir(), `portrait-${process.pid}-${Date.now()}.sock`);
  rmSync(socket, { force: true });

  const child = spawn(
    "redis-server",
    [
      ["--port", "0"],
      ["--unixsocket", socket, "--unixsocketperm", "700"],
      ["--dir", dir],
      ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""],
      ["--maxmemory-policy", "noeviction"],
      ["--loglevel", "warning", "--daemonize", "no"],
    ].flat(),
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  let ended: string | undefined;
  const end = new Promise<void>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      ended = error.code === "ENOENT" ? "missing" : error.message;
      resolve();
    });
    child.once("exit", (code, signal) => {
      ended ??= `ended with ${signal ?? code}`;
      resolve();
    });
  });
  // a parent that ends in a hurry must not leave the server behind
  const reap = () => child.kill("SIGTERM");
  process.once("exit", reap);

  const until = Date.now() + 20_000;
  while (!(await answers(socket))) {
    if (ended === "missing") {
      throw new PortraitError(
        "DEPENDENCY_MISSING",
        "Wanted the program redis-server to start a private Redis, found none on this machine. " +
          "Install it (apt-get install redis-server, or brew install redis), run `portrait doctor`, or set REDIS_URL.",
        { program: "redis-server" },
      );
    }
    if (ended !== undefined || Date.now() > until) {
      reap();
      throw new PortraitError(
        "REDIS_AWAY",
        `The private Redis did not start (${ended ?? "no answer in 20 s"}): ${said.trim()}`,
        { dir },
      );
    }
    await sleep(15);
  }

  const stop = async (signal: NodeJS.Signals) => {
    process.off("exit", reap);
    if (ended === undefined) child.kill(signal);
    await end;
    rmSync(socket, { force: true });
  };
  return { url: `unix://${socket}`, pid: child.pid!, close: () => stop("SIGTERM"), kill: () => stop("SIGKILL") };
}

async function answers(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return false;
  const redis = new Redis({ path: socket, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === "PONG"; // while it still loads its file it answers LOADING
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
