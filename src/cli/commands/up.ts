import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { given, type ServeOptions } from "./serve.ts";

export function register(program: Command): void {
  program
    .command("up")
    .description("The whole product on this machine: API, worker, and a private Redis unless REDIS_URL is set")
    .option("-p, --port <port>", "port to listen on; 0 = any free one (PORT, 8080)")
    .option("--host <host>", "address to listen on (HOST, 127.0.0.1)")
    .option("--json", "log JSON lines instead of lines for people")
    .addHelpText(
      "after",
      `
The worker runs in a process of its own, so that neither ingest nor training delays an answer. What the private
Redis keeps lies in the var folder (PORTRAIT_VAR, data/var) and is there again at the next start.

Examples:
  $ portrait up
  $ PORTRAIT_VAR=/srv/portrait portrait up --port 9000`,
    )
    .action(async (options: ServeOptions) => {
      const [{ startServing }, { processLog }, { openRedis }, { untilAsked }, { keepWorking }, { firstKey }] =
        await Promise.all([
          import("../serving.ts"),
          import("../people-log.ts"),
          import("../../stores/redis/open-redis.ts"),
          import("../until-asked.ts"),
          import("../keep-working.ts"),
          import("../first-key.ts"),
        ]);
      const json = options.json ?? false;
      const config = loadConfig({ ...process.env, ...given(options) });
      const log = processLog(config.logLevel, "up", json);
      const asked = untilAsked();
      const redis = await openRedis(config, log);
      if (redis.from === "neighbour")
        throw new PortraitError(
          "VAR_IN_USE",
          `Another portrait runs in ${config.paths.root}. Stop it, or set PORTRAIT_VAR to another folder.`,
          { root: config.paths.root },
        );
      try {
        const worker = keepWorking({ ...process.env, REDIS_URL: redis.url }, { json, log });
        try {
          // states that are rebuilt from a long log take their time, and somebody may have seen enough
          if ((await Promise.race([worker.ready, asked.then(() => "asked")])) === "asked") return;
          const key = firstKey(config);
          if (key) process.stdout.write(`The key of this portrait, shown once: ${key}\n`);
          const serving = await startServing(config, { log, redisUrl: redis.url });
          log.info({ url: serving.url, redis: redis.from === "own" ? "private" : "given" }, "portrait is up");
          await asked;
          log.info({}, "ending");
          await serving.close();
        } finally {
          await worker.close();
        }
      } finally {
        await redis.close();
      }
    });
}
