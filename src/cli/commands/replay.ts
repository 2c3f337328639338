import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import type { VerifySummary } from "../../stores/redis/verify-states.ts";
import { moment } from "../moment.ts";
import { progressBar } from "../progress.ts";

/** What is not equal, for people: nothing when all is. */
export function inWords({ different, missing, extra, ahead, behind }: VerifySummary): string {
  const lines = [];
  if (different + missing + extra > 0)
    lines.push(
      `${different} differ, ${missing} are missing, ${extra} are not in the log. ` +
        "Stop the worker and run `portrait replay` to rebuild them.",
    );
  if (ahead > 0)
    lines.push(
      `${ahead} hold events that are not in the lake, and were not compared. A running worker writes them within ` +
        "seconds; where none runs, or they stay, `portrait work` says whether parts of the lake are missing.",
    );
  if (behind > 0) lines.push(`${behind} wait for events that are on their way to them, and were not compared.`);
  return lines.map((line) => `${line}\n`).join("");
}

interface Options {
  readonly verify?: boolean;
  readonly from?: number;
  readonly json?: boolean;
}

/** `portrait replay`: states from the lake alone, rebuilt or compared. */
export function register(program: Command): void {
  program
    .command("replay")
    .description("Rebuild every state in Redis from the event log, or verify that they are what it says")
    .option("--verify", "change nothing: compare each state byte for byte; exit code 1 when one differs")
    .option("--from <moment>", "rebuild only entities with events known at this moment or later, in place", moment)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Wanted after the declared features have changed, and when Redis has lost a part of what it knew (one that lost
everything is filled from the lake by the worker itself). Stop the worker first: the new states are written beside the
old ones and swapped at the end, so the API answers from the old ones meanwhile. Users and companies are rebuilt, and
every declared kind of entity that events name.

With --from, states are rebuilt in place, of those entities only that have an event known at that moment or later; all
that is in the log must be applied and in the lake, as it is after the worker was stopped politely.

Examples:
  $ portrait replay
  $ portrait replay --from 2026-03-01T12:00:00Z
  $ portrait replay --verify --json`,
    )
    .action(async ({ verify = false, json = false, from }: Options) => {
      if (verify && from !== undefined)
        throw new PortraitError("INPUT_INVALID", "Wanted --verify or --from, found both. Verify after the replay.");
      const config = loadConfig(process.env);
      const [
        { openRedis },
        { connectFailFast, whenReady },
        { createParquetLake },
        replay,
        { replaySince },
        { verifyStates },
        { loadDeclarations, reducersOf },
      ] = await Promise.all([
        import("../../stores/redis/open-redis.ts"),
        import("../../stores/redis/connect.ts"),
        import("../../stores/lake/parquet-lake.ts"),
        import("../../stores/redis/replay-states.ts"),
        import("../../stores/redis/replay-since.ts"),
        import("../../stores/redis/verify-states.ts"),
        import("../../stores/disk/declarations.ts"),
      ]);
      const opened = await openRedis(config);
      const redis = connectFailFast(opened.url);
      const lake = createParquetLake(config.paths.lake);
      try {
        if (!(await whenReady(redis, 5_000))) {
          throw new PortraitError(
            "REDIS_AWAY",
            "Wanted to replay, but Redis does not answer. Start it, or correct REDIS_URL.",
          );
        }
        const bar = progressBar(verify ? "Verifying" : "Replaying", { quiet: json });
        const options = {
          redis,
          lake,
          reducers: reducersOf(loadDeclarations(config.declarations)),
          partitions: config.log.partitions,
          knownIdsMs: config.log.knownIdsMs,
          onProgress: bar.update,
        };
        if (!verify) {
          const done = await (from === undefined ? replay.replayStates(options) : replaySince(options, from));
          bar.end(`${done.entities.toLocaleString("en")} states from ${done.events.toLocaleString("en")} events`);
          if (json) process.stdout.write(`${JSON.stringify(done)}\n`);
          return;
        }
        const found = await verifyStates(options);
        const wrong = found.different + found.missing + found.extra;
        bar.end(
          `${found.equal.toLocaleString("en")} of ${found.entities.toLocaleString("en")} states are what the log says`,
        );
        if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
        else process.stdout.write(inWords(found));
        if (wrong > 0) process.exitCode = 1;
      } finally {
        await lake.close();
        redis.disconnect();
        await opened.close();
      }
    });
}
