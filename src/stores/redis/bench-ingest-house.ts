import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Waits } from "./ingest-waits.ts";
import type { IngestStats } from "./ingest-worker.ts";
import { startPrivateRedis } from "./private-redis.ts";

export const PARTITIONS = 8;

/** A terminal is touched by every other event: its own catalogue, as a risk team would declare it. */
const CONFIG = {
  entities: {
    terminal: {
      from: "terminal_id",
      features: [
        ...[1, 7, 30].map((days) => ({
          name: `orders_${days}d`,
          kind: "count",
          event: "Order Completed",
          window: { days },
          unit: "orders",
          about: `orders here in the last ${days} days`,
        })),
        {
          name: "spent_30d",
          kind: "sum",
          event: "Order Completed",
          value: "revenue",
          window: { days: 30 },
          unit: "currency",
          about: "money spent here in the last 30 days",
        },
        { name: "days_since_seen", kind: "recency", about: "days since anything happened here" },
      ],
    },
  },
};

export interface IngestHouse {
  readonly url: string;
  readonly redisUrl: string;
  readonly lakeDir: string;
  readonly config: string;
  /** CPU seconds that each process has used. */
  cpu(): Readonly<Record<"door" | "redis" | "worker", number>>;
  /** How often Redis has synced its file; NaN unless its fsyncs are slowed, which is what counts them. */
  fsyncs(): number;
  /** Where events waited in the worker, since it started. */
  waits(): Promise<Waits>;
  /** Ends the worker politely: all that is applied is then in the lake. */
  closeWorker(): Promise<void>;
  close(): Promise<void>;
}

/** API, worker and private Redis as processes of their own, as `portrait up` runs them, on a folder of their own. */
export async function openIngestHouse(slowFsyncMs: number): Promise<IngestHouse> {
  const root = mkdtempSync(join(tmpdir(), "portrait-ingest-"));
  const variables = join(root, "var");
  mkdirSync(variables, { recursive: true });
  const config = join(root, "portrait.config.json");
  writeFileSync(config, JSON.stringify(CONFIG));
  const redis = await slowly(slowFsyncMs, root, () => startPrivateRedis({ dir: join(root, "redis"), fsync: "always" }));
  const port = await freePort();
  const env = {
    ...process.env,
    REDIS_URL: redis.url,
    PORTRAIT_VAR: variables,
    PORTRAIT_CONFIG: config,
    PORTRAIT_OPEN: "1",
    PORTRAIT_PARTITIONS: String(PARTITIONS),
    LOG_LEVEL: "warn",
  };
  const run = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [...PROGRAM, ...args], { env, cwd: root, stdio: [...QUIET] });
  const worker = spawn(process.execPath, [...PROGRAM, "work"], { env, cwd: root, stdio: [...QUIET, "ipc"] });
  const door = run("serve", "--port", String(port));
  const url = `http://127.0.0.1:${port}`;
  await untilLive(url, door);
  const end = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return {
    url,
    redisUrl: redis.url,
    lakeDir: join(variables, "lake"),
    config,
    cpu: () => ({ door: cpuOf(door.pid), redis: cpuOf(redis.pid), worker: cpuOf(worker.pid) }),
    fsyncs: () => (slowFsyncMs === 0 ? Number.NaN : Number(readFileSync(countOf(root)).readBigInt64LE())),
    async waits() {
      worker.send("stats");
      for (;;) {
        const [told] = await once(worker, "message"); // that it was ready is kept until somebody listens
        if (told !== "ready") return (told as IngestStats).waits;
      }
    },
    closeWorker: () => end(worker),
    async close() {
      await end(door);
      await end(worker);
      await redis.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const QUIET = ["ignore", "inherit", "inherit"] as const;

/** The program as its source says it now: what was built may be older. */
const PROGRAM = ["--import", import.meta.resolve("tsx"), fileURLToPath(new URL("../../cli/main.ts", import.meta.url))];

/** Starts a process whose every fsync takes `ms` longer. @throws when there is no C compiler to make that with */
async function slowly<A>(ms: number, folder: string, start: () => Promise<A>): Promise<A> {
  if (ms === 0) return start();
  const library = slowLibrary(folder);
  process.env.LD_PRELOAD = library;
  process.env.SLOW_FSYNC_MS = String(ms);
  process.env.FSYNC_COUNT = countOf(folder);
  try {
    return await start();
  } finally {
    delete process.env.LD_PRELOAD;
    delete process.env.SLOW_FSYNC_MS;
    delete process.env.FSYNC_COUNT;
  }
}

function slowLibrary(folder: string): string {
  const library = join(folder, "slow-fsync.so");
  const source = fileURLToPath(new URL("bench-slow-fsync.c", import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]);
  return library;
}

const countOf = (folder: string): string => join(folder, "fsyncs");

/** Median ms of an fdatasync after 4 KB, of 200. */
export async function fsyncMs(slowFsyncMs: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "portrait-fsync-"));
  const script = `const fs = require("node:fs"); const f = fs.openSync(${JSON.stringify(join(folder, "f"))}, "w");
    const took = []; for (let i = 0; i < 200; i++) { fs.writeSync(f, Buffer.alloc(4096)); const t = performance.now();
    fs.fdatasyncSync(f); took.push(performance.now() - t); } console.log(took.sort((a, b) => a - b)[100]);`;
  try {
    return Number(await slowly(slowFsyncMs, folder, async () => execFileSync(process.execPath, ["-e", script])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU seconds of a process; NaN where the system does not say. Threads of it are counted, children are not. */
function cpuOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

async function untilLive(url: string, door: ChildProcess): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (door.exitCode !== null) throw new Error(`the API ended with ${door.exitCode}`);
    const alive = await fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (alive) return;
    await sleep(100);
  }
  throw new Error("the API did not come up within 30 s");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}
