import cluster from "node:cluster";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly json?: boolean;
  readonly processes?: string;
}

/** How long a process whose door is closed goes on answering the one that shares out connections. */
const HANDED_OVER_MS = 300;

export function register(program: Command): void {
  program
    .command("serve")
    .description("Answer the HTTP API; stateless, run as many as wanted")
    .option("-p, --port <port>", "port to listen on; 0 = any free one (PORT, 8080)")
    .option("--host <host>", "address to listen on (HOST, 127.0.0.1)")
    .option("--processes <n>", "processes that answer at the same address, as many as there are cores to spare", "1")
    .option("--json", "log JSON lines instead of lines for people")
    .addHelpText(
      "after",
      `
Uses the Redis at REDIS_URL, or the private one that \`portrait up\` runs in this var folder. Without a Redis it
still scores features that come with the request, by the champions on disk, and says in /readyz what is missing.

With --processes, /metrics sums over all of them whichever is asked; one that dies is replaced; SIGHUP renews them one
after the other, without a request lost.

Examples:
  $ REDIS_URL=redis://127.0.0.1:6379 portrait serve
  $ portrait serve --port 9000 --json
  $ portrait serve --processes 4`,
    )
    .action(async (options: ServeOptions) => {
      const count = wholeNumber(options.processes ?? "1");
      if (count > 1 && cluster.isPrimary) return serveInProcesses(count, options);
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
      await (cluster.isWorker ? Promise.race([asked, (await import("../processes.ts")).untilTold()]) : asked);
      log.info({}, "ending: no new requests, those in flight are finished");
      await serving.close();
      if (!cluster.isWorker) return;
      // a connection that was handed over while the door closed must still be given back, or its caller waits for ever
      await setTimeout(HANDED_OVER_MS);
      process.exit(0); // the line to the parent would keep it alive
    });
}

/** The process that starts the others, shares out their connections and replaces those that end. */
async function serveInProcesses(count: number, options: ServeOptions): Promise<void> {
  const [{ startProcesses }, { processLog }, { untilAsked }] = await Promise.all([
    import("../processes.ts"),
    import("../people-log.ts"),
    import("../until-asked.ts"),
  ]);
  const config = loadConfig({ ...process.env, ...given(options) });
  const log = processLog(config.logLevel, "serve", options.json ?? false);
  const asked = untilAsked();
  const processes = await startProcesses(count, log);
  log.info({ url: processes.url, processes: count }, "all processes answer");
  process.on("SIGHUP", () => {
    log.info({}, "renewing the processes, one after the other");
    processes.renew().then(
      () => log.info({}, "all processes are renewed"),
      (error: unknown) => log.error({ reason: String(error) }, "the processes were not all renewed"),
    );
  });
  await asked;
  log.info({ processes: count }, "ending all processes");
  await processes.close();
}

/** @throws PortraitError INPUT_INVALID */
function wholeNumber(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new PortraitError("INPUT_INVALID", `Wanted --processes between 1 and 256, found "${text}".`);
}

/** Options of the command line as the environment variables that they stand for. */
export const given = ({ port, host }: ServeOptions): Record<string, string> => ({
  ...(port !== undefined && { PORT: port }),
  ...(host !== undefined && { HOST: host }),
});
