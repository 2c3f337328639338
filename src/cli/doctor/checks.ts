import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";
import { connectFailFast, whenReady } from "../../stores/redis/connect.ts";
import { serversOf } from "../../stores/redis/servers.ts";
import { atLeast, type Finding } from "./finding.ts";
import { redisInstallLine } from "./install-redis.ts";

const run = promisify(execFile);
const GIB = 1024 ** 3;
export const NODE_FLOOR = "20.19";
export const REDIS_FLOOR = "6.2";

export function checkNode(version: string = process.version): Finding {
  return atLeast(version, NODE_FLOOR)
    ? { name: "Node", state: "ok", found: version }
    : {
        name: "Node",
        state: "missing",
        found: `${version}, wanted ${NODE_FLOOR} or newer`,
        remedy: "install a current Node from https://nodejs.org",
      };
}

export function checkMachine(cores: number = availableParallelism(), memory: number = totalmem()): Finding {
  const found = `${cores} ${cores === 1 ? "core" : "cores"}, ${(memory / GIB).toFixed(1)} GiB of memory`;
  if (cores >= 2 && memory >= 1.8 * GIB) return { name: "Machine", state: "ok", found };
  return { name: "Machine", state: "warn", found, remedy: "two cores and 2 GiB are comfortable; less works, slower" };
}

/** The version of the redis-server on the path, or undefined when there is none. */
export async function redisServerVersion(program = "redis-server"): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, ["--version"], { timeout: 5_000 });
    return /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "0.0.0";
  } catch {
    return undefined;
  }
}

/** The program for a private Redis. With REDIS_URL set it is a convenience for the tests, without it a need. */
export async function checkRedisServer(needed: boolean, program = "redis-server"): Promise<Finding> {
  const version = await redisServerVersion(program);
  if (version !== undefined && atLeast(version, REDIS_FLOOR))
    return { name: "redis-server", state: "ok", found: version };
  return {
    name: "redis-server",
    state: needed ? "missing" : "absent",
    found: version === undefined ? "not installed" : `${version}, wanted ${REDIS_FLOOR} or newer`,
    remedy: redisInstallLine(),
  };
}

/** The Redis behind REDIS_URL: that it answers, is new enough, and forgets nothing when it is full. */
export async function checkRedisUrl(url: string): Promise<Finding> {
  const redis = connectFailFast(url);
  try {
    if (!(await whenReady(redis, 2_000)))
      return {
        name: "REDIS_URL",
        state: "missing",
        found: "no answer within 2 s",
        remedy: "start that Redis, correct REDIS_URL, or unset it: portrait then runs a private one",
      };
    const infos = await Promise.all(serversOf(redis).map((server) => server.info()));
    let version = "0.0.0";
    for (const info of infos) {
      version = /redis_version:(\S+)/.exec(info)?.[1] ?? "0.0.0";
      if (!atLeast(version, REDIS_FLOOR))
        return {
          name: "REDIS_URL",
          state: "missing",
          found: `Redis ${version}, wanted ${REDIS_FLOOR} or newer`,
          remedy: "use a newer Redis, or unset REDIS_URL",
        };
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
      if (policy !== undefined && policy !== "noeviction")
        return {
          name: "REDIS_URL",
          state: "warn",
          found: `Redis ${version}, maxmemory-policy ${policy}`,
          remedy: "set maxmemory-policy noeviction: under another policy states and jobs can vanish unseen",
        };
    }
    const masters = infos.length > 1 ? `, a Cluster of ${infos.length} masters` : "";
    return { name: "REDIS_URL", state: "ok", found: `Redis ${version} answers${masters}` };
  } finally {
    redis.disconnect();
  }
}

export function checkVarFolder(root: string): Finding {
  try {
    mkdirSync(root, { recursive: true });
    accessSync(root, constants.W_OK | constants.X_OK);
    return { name: "Var folder", state: "ok", found: root };
  } catch (error) {
    return {
      name: "Var folder",
      state: "missing",
      found: `${root} cannot be written (${(error as NodeJS.ErrnoException).code ?? "unknown reason"})`,
      remedy: "give this user write access, or set PORTRAIT_VAR to another folder",
    };
  }
}

export async function checkDuckDb(): Promise<Finding> {
  try {
    const duckdb = await import("@duckdb/node-api");
    const instance = await duckdb.DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const answer = await connection.runAndReadAll("select 6 * 7");
    connection.closeSync();
    instance.closeSync();
    if (Number(answer.getRows()[0]?.[0]) !== 42) throw new Error("it cannot multiply");
    return { name: "DuckDB", state: "ok", found: duckdb.version() };
  } catch (error) {
    return {
      name: "DuckDB",
      state: "missing",
      found: `does not load: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
      remedy: "run `npm ci` again on this machine (its native part is per platform)",
    };
  }
}

type Resolve = (name: string) => unknown;
const require = createRequire(import.meta.url);

function present(name: string, resolve: Resolve): boolean {
  try {
    resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Looks for the packages only: opening TensorFlow.js takes longer than all the other checks together. */
export function checkTensorFlow(resolve: Resolve = require.resolve): Finding {
  if (present("@tensorflow/tfjs-node", resolve))
    return { name: "TensorFlow.js", state: "ok", found: "native (tfjs-node)" };
  if (present("@tensorflow/tfjs-backend-wasm", resolve))
    return { name: "TensorFlow.js", state: "ok", found: "WebAssembly" };
  return {
    name: "TensorFlow.js",
    state: "missing",
    found: "no backend installed",
    remedy: "run `npm ci`",
  };
}

/** What is used when it is there; its absence is normal. */
export function checkOptional(resolve: Resolve = require.resolve): Finding[] {
  const peers = [
    ["@tensorflow/tfjs-node", "native speed for logistic regression"],
    ["danfojs-node", "DataFrames in and out"],
  ] as const;
  return peers.map(([name, use]) =>
    present(name, resolve)
      ? { name, state: "ok", found: use }
      : { name, state: "absent", found: `optional: ${use}`, remedy: `npm install ${name}` },
  );
}
