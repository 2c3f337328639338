import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { backUp } from "../../stores/backup.ts";
import { connectFailFast, whenReady } from "../../stores/redis/connect.ts";
import { findRedis } from "../../stores/redis/open-redis.ts";
import { redisAway } from "../../stores/redis/redis-failure.ts";
import { auditedCommand } from "../audited-command.ts";

/** `portrait backup`: the var folder, copied while everything runs. */
export function register(program: Command): void {
  program
    .command("backup")
    .description("Copy the var folder, the private Redis included, while everything runs")
    .argument("<folder>", "an empty folder, or one that is not there yet")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
To restore, copy the folder to where it shall live, build the states anew, and start portrait there:
  $ cp -a /backup/monday /srv/portrait
  $ PORTRAIT_VAR=/srv/portrait portrait replay
  $ PORTRAIT_VAR=/srv/portrait portrait up

A Redis of your own (REDIS_URL) is backed up by its own means, before this command runs.

Examples:
  $ portrait backup /backup/$(date +%F)`,
    )
    .action(async (folder: string, { json = false }: { json?: boolean }) => {
      const config = loadConfig(process.env);
      const found = await findRedis(config);
      const redis = found?.from === "neighbour" ? connectFailFast(found.url) : undefined;
      try {
        if (redis && !(await whenReady(redis, 5_000))) throw redisAway("to copy what Redis keeps");
        const from = found?.from === "given" ? "elsewhere" : redis;
        const to = resolve(folder);
        const done = await auditedCommand(config, "portrait backup", {}, () => backUp(config.paths.root, from, to));
        if (json) return void process.stdout.write(`${JSON.stringify({ folder: to, ...done })}\n`);
        const size = `${done.files.toLocaleString("en-US")} files, ${(done.bytes / 1_048_576).toFixed(1)} MB`;
        process.stdout.write(`${size} are in ${to}\n`);
        if (done.redis === "elsewhere")
          process.stdout.write("The Redis at REDIS_URL is not in it: back it up where it runs.\n");
      } finally {
        redis?.disconnect();
      }
    });
}
