import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Bench, benchLine } from "../../models/bench-line.ts";
import { loadConfig } from "../config.ts";
import { startPrivateRedis } from "../stores/redis/private-redis.ts";
import { askAtRate } from "./bench-open-loop.ts";
import { furnish } from "./bench-serve-house.ts";
import { LOAD_CORE, startServer } from "./bench-server.ts";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const CHILD = join(ROOT, "dist/src/http/bench-serve-child.js");
const RATE = 1_000;
/** Before the good callers begin, all wrong keys have come once. */
const LEAD_MS = 2_000;
/** Connections that ask with wrong keys, as fast as they are answered. The last are more than are held at a time. */
const ATTACKS = [64, 512, 1_500];

/**
 * Good callers while others try keys: p99 of 1,000 good scores a second, alone and beside connections that ask with
 * keys of the right form and a known prefix (so that each is weighed to the end) as fast as they are refused. The server
 * has one core, all that ask have the other. `--seconds=5` is the length of one course.
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const seconds = Number(options.seconds ?? 5);
  if (spawnSync("wrk", ["-v"]).error) {
    say("wrk is not on this machine, so there is no attack: install it (Debian: wrk).");
    return [];
  }
  say("Building dist, furnishing a house …");
  spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "ignore" });
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  const redis = await startPrivateRedis({ dir: join(folder, "redis"), fsync: "everysec" });
  let server: ChildProcess | undefined;
  try {
    const env = { PORTRAIT_VAR: folder };
    const { key, features } = await furnish(loadConfig(env), redis.url);
    const { child, port } = await startServer(process.execPath, [CHILD, "ours", redis.url], env);
    server = child;
    spawnSync("taskset", ["-ap", "-c", LOAD_CORE, String(process.pid)]);
    const bodies = features.map((text) => `{"models":["bank"],"features":${text},"receipt":"none"}`);
    const ask = () => askAtRate({ port, key, path: "/v1/score", bodies, rate: RATE, seconds });
    const script = join(folder, "wrong-keys.lua");
    writeFileSync(script, wrongKeys(key, bodies[0]));
    await ask(); // warm

    const p99s = new Map<number, number[]>([0, ...ATTACKS].map((connections) => [connections, []]));
    const refused = new Map<number, number[]>(ATTACKS.map((connections) => [connections, []]));
    for (let run = 0; run < runs; run++)
      for (const [connections, all] of p99s) {
        const attack =
          connections > 0 ? startAttack(port, script, connections, seconds + 2 * (LEAD_MS / 1_000)) : undefined;
        if (attack) await sleep(LEAD_MS);
        const took = await ask();
        const perSecond = await attack?.refusedPerSecond();
        const [p50, p99] = [0.5, 0.99].map((q) => took[Math.ceil(q * took.length) - 1]);
        all.push(p99);
        if (perSecond !== undefined) refused.get(connections)?.push(perSecond);
        const about = attack ? `beside ${connections} connections of wrong keys` : "alone";
        const beside = perSecond === undefined ? "" : `  ${perSecond.toFixed(0)} refused/s`;
        say(`${about.padEnd(42)} p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)} ms${beside}`);
      }
    const alone = p99s.get(0) ?? [];
    return [
      benchLine(`p99 of good callers at ${RATE}/s alone, ms`, alone, "lower"),
      ...ATTACKS.flatMap((connections) => {
        const all = p99s.get(connections) ?? [];
        const name = `beside ${connections} connections of wrong keys`;
        return [
          benchLine(
            `p99 ${name} / alone`,
            all.map((p99, run) => p99 / alone[run]),
            "lower",
          ),
          benchLine(`p99 ${name}, ms`, all, "lower", 5),
          benchLine(`refused a second, ${connections} connections`, refused.get(connections) ?? [], "lower"),
        ];
      }),
    ];
  } finally {
    server?.kill();
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

function startAttack(port: number, script: string, connections: number, seconds: number) {
  const args = ["-c", LOAD_CORE, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", script];
  const child = spawn("taskset", [...args, `http://127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const ended = once(child, "exit");
  return {
    async refusedPerSecond(): Promise<number> {
      await ended;
      return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1] ?? Number.NaN);
    },
  };
}

/** The good key with other last digits, never the same twice in a row. */
const wrongKeys = (key: string, body: string): string => `
local start, at = "Bearer ${key.slice(0, -8)}", 0
local headers = { ["Content-Type"] = "application/json" }
function request()
  at = at + 1
  headers["Authorization"] = start .. string.format("%08d", at % 100000000)
  return wrk.format("POST", "/v1/score", headers, [==[${body}]==])
end
`;
