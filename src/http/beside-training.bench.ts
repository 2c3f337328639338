import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { availableParallelism, constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Bench, benchLine } from "../../models/bench-line.ts";
import { benchRows } from "../../models/gbdt/bench-data.ts";
import { writeTable } from "../../models/gbdt/bench-files.ts";
import { loadConfig } from "../config.ts";
import { startPrivateRedis } from "../stores/redis/private-redis.ts";
import { furnish } from "./bench-serve-house.ts";

const CHILD = fileURLToPath(new URL("bench-serve-child.ts", import.meta.url));
const TRAINING = fileURLToPath(new URL("../../models/gbdt/bench-train-child.ts", import.meta.url));
const ROWS = 200_000;
/** What a training needs to read its files and begin. */
const BEGINS_MS = 3_000;

/**
 * Scores beside a live training: p99 of `POST /v1/score` (35 features in the request, 200 trees, no receipt), open loop, alone and
 * while 200,000 × 35 rows are trained in a child niced as the worker's is, with one thread less than there are cores and with as
 * many. Nothing is held to a core: that is the question. `--seconds=5` is the length of one course, `--rate=200` requests a second.
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const [seconds, rate] = [Number(options.seconds ?? 5), Number(options.rate ?? 200)];
  const cores = availableParallelism();
  const folder = mkdtempSync(join(tmpdir(), "portrait-bench-"));
  const redis = await startPrivateRedis({ dir: join(folder, "redis"), fsync: "everysec" });
  let server: ChildProcess | undefined;
  try {
    say("Furnishing a house, making 200k × 35 …");
    writeTable(folder, "train", benchRows(ROWS, 1));
    writeTable(folder, "test", benchRows(100, 2));
    const house = await furnish(loadConfig({ PORTRAIT_VAR: folder }), redis.url);
    server = spawn(process.execPath, [...process.execArgv, CHILD, "ours", redis.url], {
      env: { ...process.env, PORTRAIT_VAR: folder, NODE_ENV: "production" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [first] = await once(server.stdout as NodeJS.ReadableStream, "data");
    const { port } = JSON.parse(String(first)) as { port: number };
    const bodies = house.features.map((text) => `{"models":["bank"],"features":${text},"receipt":"none"}`);
    const load = () => drive(port, house.key, bodies, rate, seconds);
    await load(); // warm

    const courses = new Map<string, number[]>([["alone", []]]);
    for (const threads of new Set([Math.max(1, cores - 1), cores])) courses.set(`${threads}`, []);
    for (let run = 0; run < runs; run++)
      for (const [course, p99s] of courses) {
        const training = course === "alone" ? undefined : await train(folder, Number(course));
        const took = await load();
        if (training?.exitCode === null) training.kill("SIGKILL");
        else if (training) throw new Error("the training ended before the load did");
        const [p50, p99, most] = [0.5, 0.99, 1].map((q) => took[Math.ceil(q * took.length) - 1]);
        p99s.push(p99);
        const about = training ? `beside a training with ${course} threads` : course;
        say(`${about.padEnd(34)} p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)}  most ${most.toFixed(1)} ms`);
      }
    const alone = courses.get("alone") ?? [];
    return [...courses].flatMap(([course, p99s]) => {
      if (course === "alone") return [benchLine("p99 ms, no training", p99s, "lower")];
      const about = `beside a training with ${course} of ${cores} cores`;
      return [
        benchLine(`p99 ms ${about}`, p99s, "lower", 3),
        benchLine(
          `p99 ms ${about}, more than alone`,
          p99s.map((p99, run) => p99 - alone[run]),
          "lower",
        ),
      ];
    });
  } finally {
    server?.kill();
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

/** A training that lasts until it is killed, niced as training/train-in-child.ts does. */
async function train(folder: string, threads: number): Promise<ChildProcess> {
  const params = JSON.stringify({ threads, rounds: 100_000, tries: [] });
  const child = spawn(process.execPath, [...process.execArgv, TRAINING, folder, "35", "1", params], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  setPriority(child.pid as number, constants.priority.PRIORITY_BELOW_NORMAL);
  await sleep(BEGINS_MS);
  return child;
}

/** Sends what is due, whether or not earlier ones are answered. Answers how long each took since it was due, ms, in order. */
async function drive(port: number, key: string, bodies: readonly string[], rate: number, seconds: number) {
  const agent = new Agent({ keepAlive: true });
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${key}` };
  const took: number[] = [];
  const ask = (body: string, due: number) =>
    new Promise<void>((resolve, reject) => {
      const asking = request({ port, agent, path: "/v1/score", method: "POST", headers }, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`a score was answered with ${answer.statusCode}`));
        answer.resume().once("end", () => {
          took.push(performance.now() - due);
          resolve();
        });
      });
      asking.once("error", reject).end(body);
    });
  const asked: Promise<void>[] = [];
  const started = performance.now();
  for (let sent = 0; sent < rate * seconds; sent++) {
    const due = started + (1_000 * sent) / rate;
    for (let now = performance.now(); now < due; now = performance.now()) await sleep(due - now);
    // Timers are late by up to a millisecond, and that is not the server's: a request is due when it leaves.
    asked.push(ask(bodies[sent % bodies.length], performance.now()));
  }
  await Promise.all(asked);
  agent.destroy();
  return took.sort((a, b) => a - b);
}
