import type { Command } from "commander";
import { loadConfig } from "../../config.ts";

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve")
    .description("Answer the HTTP API; stateless, run as many as wanted")
    .option("-p, --port <port>", "port to listen on; 0 = any free one (PORT, 8080)")
    .option("--host <host>", "address to listen on (HOST, 127.0.0.1)")
    .option("--json", "log JSON lines instead of lines for people")
    .addHelpText(
      "after",
      `
Uses the Redis at REDIS_URL, or the private one that \`portrait up\` runs in this var folder. Without a Redis it
still scores features that come with the request, by the champions on disk, and says in /readyz what is missing.

Examples:
  $ REDIS_URL=redis://127.0.0.1:6379 portrait serve
  $ portrait serve --port 9000 --json`,
    )
    .action(async (options: ServeOptions) => {
      const [{ startServing }, { processLog }, { findRedis }, { untilAsked }] = await Promise.all([
        import("../serving.ts"),
        import("../people-log.ts"),
        import("../../stores/redis/open-redis.ts"),
        import("../until-asked.ts"),
      ]);
      const config = loadConfig({ ...process.env, ...given(options) });
      const log = processLog(config.logLevel, "serve", options.json ?? false);
      const redis = await findRedis(config);
      const asked = untilAsked();
      const serving = await startServing(config, { log, redisUrl: redis?.url });
      log.info({ url: serving.url }, "portrait answers");
      await asked;
      log.info({}, "ending: no new requests, those in flight are finished");
      await serving.close();
    });
}

/** Options of the command line as the environment variables that they stand for. */
export const given = ({ port, host }: ServeOptions): Record<string, string> => ({
  ...(port !== undefined && { PORT: port }),
  ...(host !== undefined && { HOST: host }),
});
