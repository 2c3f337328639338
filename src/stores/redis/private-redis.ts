import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";

export interface PrivateRedis {
  /** unix:///… */
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
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
  /** How long it may be silent while it starts: 20 s. One that reads its file takes as long as it takes. */
  readonly startMs?: number;
}

/** Who runs the private Redis of a folder; kept beside its files as `server.json`. */
interface Claim {
  readonly url: string;
  /** The process that started it and will stop it. */
  readonly owner: number;
  readonly pid?: number;
  /** When it was made, ms: a server that does not answer yet may still be starting. */
  readonly at: number;
}

const START_MS = 20_000;

const claimOf = (dir: string) => join(dir, "server.json");

/**
 * Writes the claim whole: who reads it meanwhile finds the one before or this one, never half of it.
 *
 * @throws EEXIST when `how` is `new` and there is one
 */
function writeClaim(dir: string, claim: Claim, how: "new" | "over"): void {
  const draft = join(dir, `server-${process.pid}.json`);
  writeFileSync(draft, JSON.stringify(claim));
  try {
    if (how === "over") renameSync(draft, claimOf(dir));
    else linkSync(draft, claimOf(dir)); // unlike a renaming, refused when there is one
  } finally {
    rmSync(draft, { force: true });
  }
}

function readClaim(dir: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(claimOf(dir), "utf8")) as Claim;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The address of the private Redis that another process runs in `dir`, or undefined when none does. */
export async function runningPrivateRedis(dir: string): Promise<string | undefined> {
  const claim = readClaim(dir);
  if (!claim || !alive(claim.owner)) return undefined;
  return (await answerOf(claim.url.slice("unix://".length))) === "silence" ? undefined : claim.url;
}

/**
 * Takes the folder, so that two servers never write one append-only file. A server that outlived its owner
 * (a crash) is asked to end first: all that it acknowledged is on disk.
 */
async function claimFolder(dir: string, claim: Claim): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      writeClaim(dir, claim, "new");
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || i > 2) throw error;
    }
    const before = readClaim(dir);
    const running = before !== undefined && (await answerOf(before.url.slice("unix://".length))) !== "silence";
    // process numbers come again (in a container nearly always): a living owner of a dead server proves nothing
    const starting = before !== undefined && Date.now() - before.at < START_MS && before.owner !== process.pid;
    if (before && alive(before.owner) && (running || starting))
      throw new PortraitError(
        "VAR_IN_USE",
        `Wanted to start a private Redis in ${dir}, found one that process ${before.owner} runs there. ` +
          "Stop that process, or set PORTRAIT_VAR to another folder.",
        { dir, owner: before.owner },
      );
    if (running && before?.pid) {
      process.kill(before.pid, "SIGTERM");
      while (alive(before.pid)) await sleep(20);
    }
    rmSync(claimOf(dir), { force: true });
  }
}

/**
 * Starts a redis-server of our own on a unix socket: no port, nobody else reaches it. AOF on, `noeviction`.
 *
 * The socket lies in the system's temporary folder when the path under `dir` would exceed the 107 bytes
 * that the kernel allows.
 *
 * @throws PortraitError DEPENDENCY_MISSING when redis-server is not installed, VAR_IN_USE when another process
 *   runs one in this folder.
 */
export async function startPrivateRedis({
  dir,
  fsync,
  startMs = START_MS,
}: PrivateRedisOptions): Promise<PrivateRedis> {
  mkdirSync(dir, { recursive: true });
  const near = join(dir, "redis.sock");
  // named after the folder, so that a server that is started again is found where the one before it was
  const name = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 16);
  const socket = Buffer.byteLength(near) < 100 ? near : join(tmpdir(), `portrait-${name}.sock`);
  const url = `unix://${socket}`;
  await claimFolder(dir, { url, owner: process.pid, at: Date.now() });
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
    // a group of its own: Ctrl-C in a terminal must not end it before those who still write to it
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  writeClaim(dir, { url, owner: process.pid, pid: child.pid, at: Date.now() }, "over");
  let said = "";
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  let ended: string | undefined;
  // a parent that ends in a hurry must not leave the server behind
  const reap = () => child.kill("SIGTERM");
  process.once("exit", reap);
  const end = new Promise<void>((over) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      ended = error.code === "ENOENT" ? "missing" : error.message;
      over();
    });
    child.once("exit", (code, signal) => {
      ended ??= `ended with ${signal ?? code}`;
      process.off("exit", reap);
      over();
    });
  });

  let until = Date.now() + startMs;
  for (;;) {
    const answer = await answerOf(socket);
    if (answer === "ready") break;
    if (answer === "loading") until = Date.now() + startMs;
    if (ended !== undefined) rmSync(claimOf(dir), { force: true });
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
        `The private Redis did not start (${ended ?? `no answer in ${startMs / 1_000} s`}): ${said.trim()}`,
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
    rmSync(claimOf(dir), { force: true });
  };
  return { url, pid: child.pid!, ended: end, close: () => stop("SIGTERM"), kill: () => stop("SIGKILL") };
}

/** What a server says: `loading` while it reads its file, which takes long when it is large. */
async function answerOf(socket: string): Promise<"ready" | "loading" | "silence"> {
  if (!existsSync(socket)) return "silence";
  const redis = new Redis({
    ...{ path: socket, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 },
    enableReadyCheck: false, // it would wait for the end of loading
    commandTimeout: 5_000,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === "PONG" ? "ready" : "silence";
  } catch (error) {
    return error instanceof Error && error.message.startsWith("LOADING") ? "loading" : "silence";
  } finally {
    redis.disconnect();
  }
}
