import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import {
  checkDuckDb,
  checkMachine,
  checkNode,
  checkOptional,
  checkRedisServer,
  checkRedisUrl,
  checkTensorFlow,
  checkVarFolder,
} from "../doctor/checks.ts";
import type { Finding } from "../doctor/finding.ts";
import { installRedis } from "../doctor/install-redis.ts";
import { paint } from "../terminal.ts";

const MARK = { ok: "✔", warn: "!", absent: "·", missing: "✘" } as const;
const COLOUR = { ok: "green", warn: "yellow", absent: "dim", missing: "red" } as const;

const line = ({ name, state, found, remedy }: Finding) =>
  `${paint(COLOUR[state], MARK[state])} ${name.padEnd(22)} ${found}${
    remedy && state !== "ok" && state !== "absent" ? `\n    → ${remedy}` : ""
  }`;

export function register(program: Command): void {
  program
    .command("doctor")
    .description("Check that this machine has what portrait needs; install redis-server where that is possible")
    .option("--json", "one JSON object on standard output")
    .option("--no-install", "only look, change nothing")
    .addHelpText(
      "after",
      `
Exits 1 when something that portrait cannot do without is missing, and prints the line that mends it.

Examples:
  $ portrait doctor
  $ portrait doctor --no-install --json`,
    )
    .action(async ({ json = false, install }: { json?: boolean; install: boolean }) => {
      const findings = await examine(install, json);
      const well = findings.every(({ state }) => state !== "missing");
      if (json) process.stdout.write(`${JSON.stringify({ ok: well, findings })}\n`);
      else process.stdout.write(`${findings.map(line).join("\n")}\n`);
      if (!well) process.exitCode = 1;
    });
}

async function examine(install: boolean, quiet: boolean): Promise<Finding[]> {
  const config = loadConfig(process.env);
  const { url } = config.redis;
  const needed = url === undefined;
  const [first, duckDb, behindUrl] = await Promise.all([
    checkRedisServer(needed),
    checkDuckDb(),
    url === undefined ? undefined : checkRedisUrl(url),
  ]);
  const redisServer =
    first.state === "missing" && install && (await installRedis(quiet)) ? await checkRedisServer(needed) : first;
  return [
    checkNode(),
    checkMachine(),
    redisServer,
    ...(behindUrl ? [behindUrl] : []),
    checkVarFolder(config.paths.root),
    duckDb,
    checkTensorFlow(),
    ...checkOptional(),
  ];
}
