import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, type BenchLine, benchLine } from "../../models/bench-line.ts";
import { loadConfig } from "../config.ts";
import { startPrivateRedis } from "../stores/redis/private-redis.ts";
import { askAtRate } from "./bench-open-loop.ts";
import { type BenchHouse, furnish } from "./bench-serve-house.ts";
import { type BenchServer, LOAD_CORE, startServer } from "./bench-server.ts";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const CHILD = join(ROOT, "dist/src/http/bench-serve-child.js");
const PEER = fileURLToPath(new URL("bench-serve-peer.py", import.meta.url));
const PYTHON = process.env.PORTRAIT_PYTHON ?? "/usr/bin/python3";
const DEBIAN = ["python3-fastapi", "python3-uvicorn", "python3-uvloop", "python3-httptools", "python3-xgboost", "wrk"];
const CONNECTIONS = 64;
/** The kernel counts a process's time in hundredths of a second. */
const TICK_US = 10_000;

/** One thing that is asked of one server. */
interface Course {
  readonly name: string;
  readonly server: string;
  readonly path: string;
  readonly bodies: readonly string[];
  /** Requests at once; 64 when absent. */
  readonly connections?: number;
}

interface Round {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** CPU of the server for one request, µs: says the same on a busy machine as on a quiet one. */
  readonly cpuUs: number;
  /** Answers that were late or no 200. */
  readonly failed: number;
}

/**
 * Scores over HTTP: ours against bare `node:http` that calls our own parse, score and serialise functions, and against
 * FastAPI with XGBoost on the same trees. A server at a time on one core, Redis and the load on the other, the courses
 * in turn, round by round; then p99 at a fixed 1,000 requests a second. `--seconds=3` is the length of one course;
 * `--only "ours with receipt,FastAPI"` drives these alone, so that more rounds can be had of one ratio.
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const seconds = Number(options.seconds ?? 3);
  const only = options.only?.split(",");
  const peer = findPeer(say);
  if (spawnSync("wrk", ["-v"]).error) {
    say("wrk is not on this machine, so there is no load: install it (Debian: wrk).");
    return [];
  }
  say("Building dist, furnishing a house: 2 × 200 trees, 1,000 people …");
  spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "ignore" });
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  const redis = await startPrivateRedis({ dir: join(folder, "redis"), fsync: "everysec" });
  spawnSync("taskset", ["-ap", "-c", LOAD_CORE, String(redis.pid)]);
  const servers = new Map<string, BenchServer>();
  try {
    const env = { PORTRAIT_VAR: folder };
    const house = await furnish(loadConfig(env), redis.url);
    // batches in a process of their own: what they leave in the heap is not the online score's to carry
    for (const [name, what] of Object.entries({
      bare: "bare",
      ours: "ours",
      batches: "ours",
      front: "front",
      express: "express",
    }))
      servers.set(name, await startServer(process.execPath, [CHILD, what, redis.url], env));
    if (peer) {
      writeFileSync(join(folder, "model.json"), house.xgboost);
      writeFileSync(join(folder, "columns.json"), JSON.stringify(house.columns));
      servers.set("peer", await startServer(PYTHON, [PEER, folder], { OMP_NUM_THREADS: "1" }));
    }
    const courses = coursesOf(house).filter(
      ({ server, name }) => servers.has(server) && (only?.includes(name) ?? true),
    );
    if (courses.length === 0)
      say(
        `No course is called ${options.only}: ${coursesOf(house)
          .map(({ name }) => name)
          .join(", ")}`,
      );
    await mustAnswerAlike(courses, servers, house);

    const rounds = new Map<string, Round[]>(courses.map(({ name }) => [name, []]));
    for (const course of courses) await drive(course, servers, house, folder, 2); // until everything is compiled
    for (let run = 0; run < runs; run++) {
      for (const course of courses) {
        const round = await drive(course, servers, house, folder, seconds);
        rounds.get(course.name)?.push(round);
        const { perSecond, p99Ms, cpuUs, failed } = round;
        say(
          `${course.name.padEnd(34)} ${perSecond.toFixed(0).padStart(7)}/s  p99 ${p99Ms.toFixed(1)} ms  CPU ${cpuUs.toFixed(0)} µs${failed ? `  ${failed} failed` : ""}`,
        );
      }
    }
    const lines = linesOf(rounds);
    return only ? lines : [...lines, ...(await p99AtRate(servers, house, runs, seconds, say))];
  } finally {
    for (const { child } of servers.values()) child.kill();
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Those that make a ratio run one after the other: a shared machine may be twice as fast a minute later. */
function coursesOf({ features, ids, batch, table, peerBatch }: BenchHouse): Course[] {
  const inline = (more: string) => features.map((text) => `{"models":["bank"],"features":${text}${more}}`);
  const byId = (more: string) => ids.map((id) => `{"id":"${id}","models":["purchase"]${more}}`);
  const plain = features.map((text) => `{"features":${text}}`);
  const none = ',"receipt":"none"';
  const path = "/v1/score";
  return [
    { name: "bare", server: "bare", path, bodies: inline(none) },
    { name: "ours", server: "ours", path, bodies: inline(none) },
    { name: "ours with receipt", server: "ours", path, bodies: inline("") },
    { name: "FastAPI", server: "peer", path: "/score", bodies: plain },
    { name: "ours with 3 exact reasons", server: "ours", path, bodies: inline(`,"reasons":3${none}`) },
    { name: "FastAPI with pred_contribs", server: "peer", path: "/reasons", bodies: plain },
    { name: "ours by node:http", server: "front", path, bodies: inline(none) },
    { name: "ours through Express", server: "express", path, bodies: inline(none) },
    { name: "bare with receipt", server: "bare", path, bodies: inline("") },
    { name: "bare by id", server: "bare", path, bodies: byId(none) },
    { name: "ours by id", server: "ours", path, bodies: byId(none) },
    { name: "ours by id with receipt", server: "ours", path, bodies: byId("") },
    { name: "ours, batches of 1,000", server: "batches", path: "/v1/score/batch", bodies: [batch], connections: 2 },
    { name: "ours, tables of 1,000", server: "batches", path: "/v1/score/batch", bodies: [table], connections: 2 },
    { name: "FastAPI, batches of 1,000", server: "peer", path: "/batch", bodies: [peerBatch], connections: 2 },
  ];
}

/** The ratios that DESIGN §9 asks for, each from the two courses of the same round; then the plain numbers. */
function linesOf(rounds: ReadonlyMap<string, readonly Round[]>): BenchLine[] {
  const ratio = (of: string, to: string, goal?: number, factor = 1): BenchLine[] => {
    const [a, b] = [rounds.get(of), rounds.get(to)];
    if (!a?.length || !b?.length) return [];
    const speed = a.map(({ perSecond }, i) => (factor * perSecond) / b[i].perSecond);
    const work = a.map(({ cpuUs }, i) => (factor * b[i].cpuUs) / cpuUs);
    return [
      benchLine(`${of} / ${to}, requests/s`, speed, "higher", goal),
      benchLine(`${of} / ${to}, by CPU of the server`, work, "higher", goal),
    ];
  };
  return [
    ...ratio("ours", "bare", 0.9),
    ...ratio("ours with receipt", "bare", 0.9),
    ...ratio("ours with receipt", "bare with receipt"),
    ...ratio("ours by node:http", "bare"),
    ...ratio("ours through Express", "bare"),
    ...ratio("ours by id", "bare by id", 0.85),
    ...ratio("ours with receipt", "FastAPI", 6),
    ...ratio("ours with 3 exact reasons", "FastAPI with pred_contribs", 3),
    ...ratio("ours, batches of 1,000", "FastAPI, batches of 1,000", 2),
    ...ratio("ours, tables of 1,000", "FastAPI, batches of 1,000"),
    ...[...rounds].flatMap(([name, all]) => [
      benchLine(
        `${name}, requests/s`,
        all.map(({ perSecond }) => perSecond),
        "higher",
      ),
      benchLine(
        `${name}, CPU µs a request`,
        all.map(({ cpuUs }) => cpuUs),
        "lower",
      ),
      benchLine(
        `${name}, p99 ms`,
        all.map(({ p99Ms }) => p99Ms),
        "lower",
      ),
    ]),
  ];
}

/** So many requests a second that nobody is busy: what is left is how long one takes, and how long the slowest. */
const RATE = 1_000;

/** p99 at a fixed rate, ours beside bare, in turn; every request is timed from the moment at which it was due. */
async function p99AtRate(
  servers: ReadonlyMap<string, BenchServer>,
  { features, key }: BenchHouse,
  runs: number,
  seconds: number,
  say: (line: string) => void,
): Promise<BenchLine[]> {
  spawnSync("taskset", ["-ap", "-c", LOAD_CORE, String(process.pid)]);
  const bodies = features.map((text) => `{"models":["bank"],"features":${text},"receipt":"none"}`);
  const p99s = new Map<string, number[]>([
    ["bare", []],
    ["ours", []],
  ]);
  for (let run = 0; run < runs; run++) {
    for (const [name, all] of p99s) {
      const { port } = servers.get(name) as BenchServer;
      const took = await askAtRate({ port, key, path: "/v1/score", bodies, rate: RATE, seconds });
      const at = (share: number) => took[Math.ceil(share * took.length) - 1];
      all.push(at(0.99));
      say(`${`${name}, ${RATE} requests/s`.padEnd(34)} p50 ${at(0.5).toFixed(2)}  p99 ${at(0.99).toFixed(2)} ms`);
    }
  }
  const [bare, ours] = [...p99s.values()];
  const name = `p99 at ${RATE} requests/s`;
  const ratio = ours.map((p99, run) => p99 / bare[run]);
  return [
    benchLine(`${name}, ours / bare`, ratio, "lower", 1.2),
    benchLine(`${name}, ours, ms`, ours, "lower"),
    benchLine(`${name}, bare, ms`, bare, "lower"),
  ];
}

async function drive(
  { server, path, bodies, connections = CONNECTIONS }: Course,
  servers: ReadonlyMap<string, BenchServer>,
  { key }: BenchHouse,
  folder: string,
  seconds: number,
): Promise<Round> {
  const { child, port } = servers.get(server) as BenchServer;
  const script = join(folder, "load.lua");
  writeFileSync(script, luaOf(path, bodies, key));
  const before = cpuTicks(child.pid as number);
  const { stdout } = await promisify(execFile)("taskset", [
    ...["-c", LOAD_CORE, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, `http://127.0.0.1:${port}`],
  ]);
  const ticks = cpuTicks(child.pid as number) - before;
  const { requests, us, p99, failed } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  // a machine that others use as well keeps one or the other waiting too long; more than that is no measurement
  if (failed > requests / 100) throw new Error(`${failed} of ${requests} requests to ${path} failed`);
  return { perSecond: (requests * 1e6) / us, p99Ms: p99 / 1_000, cpuUs: (ticks * TICK_US) / requests, failed };
}

/** Requests are written once, before the load begins. */
const luaOf = (path: string, bodies: readonly string[], key: string): string => `
local bodies = { ${bodies.map((body) => `[==[${body}]==]`).join(",\n")} }
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer ${key}" }
local requests, at = {}, 0
function init()
  for i, body in ipairs(bodies) do requests[i] = wrk.format("POST", "${path}", headers, body) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"us":%d,"p99":%d,"failed":%d}\\n', summary.requests, summary.duration,
    latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
`;

/** User and system time of a process so far, in ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** A race between runners who run different ways is none. */
async function mustAnswerAlike(
  courses: readonly Course[],
  servers: ReadonlyMap<string, BenchServer>,
  house: BenchHouse,
) {
  for (const { name, server, path, bodies } of courses) {
    const port = servers.get(server)?.port;
    const res = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${house.key}` },
      body: bodies[0],
    });
    const text = await res.text();
    const probability = Number(/"probability":([\d.e-]+)/.exec(text)?.[1]);
    const same = name.includes("by id") ? probability > 0 : Math.abs(probability - house.probability) < 1e-5;
    if (!res.ok || !same)
      throw new Error(`${name}: wanted ${house.probability}, found ${res.status} ${text.slice(0, 300)}`);
  }
}

/** Whether FastAPI and XGBoost are there; they are installed when this is Debian and we are root. */
function findPeer(say: (line: string) => void): boolean {
  const there = () => spawnSync(PYTHON, ["-c", "import fastapi, uvicorn, uvloop, httptools, xgboost"]).status === 0;
  if (there()) return true;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    say(`Installing the peer: apt-get install ${DEBIAN.join(" ")}`);
    spawnSync("apt-get", ["update"], { stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...DEBIAN], { stdio: "ignore" });
    if (there()) return true;
  }
  say(`FastAPI and XGBoost do not answer at ${PYTHON} and cannot be installed here: they are left out.`);
  return false;
}
