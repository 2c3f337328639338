import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";

export function register(program: Command): void {
  program
    .command("work")
    .description("Take events from the log into states and the lake, and train the models that are asked for")
    .option("--memory <MiB>", "the most that a training process's heap may hold")
    .option("--json", "log JSON lines instead of lines for people")
    .addHelpText(
      "after",
      `
Uses the Redis at REDIS_URL, or the private one that \`portrait up\` runs in this var folder. Trainings run in a
niced child process, one at a time. SIGTERM ends it politely: what is applied goes to the lake, a training that is
under way goes back to the queue.

Example:
  $ REDIS_URL=redis://127.0.0.1:6379 portrait work --memory 4096`,
    )
    .action(async ({ json = false, memory }: { json?: boolean; memory?: string }) => {
      const [{ startWorking }, { processLog }, { findRedis }, { untilAsked }] = await Promise.all([
        import("../working.ts"),
        import("../people-log.ts"),
        import("../../stores/redis/open-redis.ts"),
        import("../until-asked.ts"),
      ]);
      const memoryMb = memory === undefined ? undefined : Number(memory);
      if (memoryMb !== undefined && !(Number.isInteger(memoryMb) && memoryMb >= 64))
        throw new PortraitError("INPUT_INVALID", `Wanted --memory as whole MiB, at least 64, found ${memory}.`);
      const config = loadConfig(process.env);
      const redis = await findRedis(config);
      if (!redis)
        throw new PortraitError(
          "REDIS_AWAY",
          "Wanted a Redis to take events and jobs from, found none. Set REDIS_URL, or run `portrait up`: it brings its own.",
        );
      const log = processLog(config.logLevel, "work", json);
      const asked = untilAsked();
      // a channel to whoever forked this process would keep it alive after a failure
      const hangUp = () => process.connected && process.disconnect();
      let started = false;
      void asked.then(() => started || process.exit(0)); // states are being rebuilt: nothing is lost, the next start does it
      const starting = startWorking(config, { redisUrl: redis.url, log, memoryMb }).finally(() => {
        started = true;
      });
      const working = await starting.catch((error) => {
        hangUp();
        throw error;
      });
      log.info({}, "the worker takes events and jobs");
      process.send?.("ready");
      // whoever started it may ask how far it is
      process.on("message", (asked) => void (asked === "stats" && process.send?.(working.stats())));
      try {
        await Promise.race([asked, working.ended]);
        log.info({}, "ending: what is applied goes to the lake, a training goes back to the queue");
      } finally {
        await working.close();
        hangUp();
      }
    });
}
