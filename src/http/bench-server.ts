import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The server of a bench has a core to itself, its load and Redis have the other. */
export const SERVER_CORE = "0";
export const LOAD_CORE = "1";

export interface BenchServer {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts a server on its core; it says its port in its first line, and ends with its standard input. */
export async function startServer(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<BenchServer> {
  const child = spawn("taskset", ["-c", SERVER_CORE, command, ...args], {
    env: { ...process.env, ...env, NODE_ENV: "production" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const first = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  if (typeof first[0] === "number" || first[0] === null)
    throw new Error(`${command} ${args[0]} ended before it listened`);
  return { child, port: JSON.parse(String(first[0])).port };
}
