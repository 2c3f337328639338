import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { progressBar } from "../progress.ts";

interface Options {
  readonly rows: string;
  readonly grace: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `portrait compact`: small parts of the lake into larger, sorted ones. */
export function register(program: Command): void {
  program
    .command("compact")
    .description("Merge small parts of the event log's lake into larger ones, sorted by entity and time")
    .option("--rows <number>", "rows of a merged part at most", "4000000")
    .option("--all", "merge whatever fits together, however much is written again for it")
    .option("--grace <minutes>", "how long parts that were merged stay for those who read them still", "60")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Replays, trainings and look-ups of one entity read fewer and sorted parts faster. Parts grow as they age, so that a row
is written again a few times only; with --all they become as few as they can be. May run beside workers and readers, and
may be stopped at any time: a merged part stands in for those it was made of from one moment to the next, and those are
removed by a later run, once they have been covered for the time of grace. A worker does the same every hour by itself.

Examples:
  $ portrait compact
  $ portrait compact --all
  $ portrait compact --rows 1000000 --grace 0 --json`,
    )
    .action(async ({ rows, grace, all = false, json = false }: Options) => {
      const targetRows = Number(rows);
      const graceMs = Number(grace) * 60_000;
      if (!(Number.isInteger(targetRows) && targetRows >= 1_000))
        throw new PortraitError("INPUT_INVALID", `Wanted --rows as a whole number from 1000, found ${rows}.`);
      if (!(graceMs >= 0))
        throw new PortraitError("INPUT_INVALID", `Wanted --grace as minutes, 0 or more, found ${grace}.`);
      const config = loadConfig(process.env);
      const { compactLake } = await import("../../stores/lake/compact-lake.ts");
      const bar = progressBar("Compacting", { quiet: json });
      const done = await compactLake({
        dir: config.paths.lake,
        targetRows,
        graceMs,
        whole: all,
        onProgress: bar.update,
      });
      bar.end(
        `${done.merged.toLocaleString("en")} parts into ${done.into.toLocaleString("en")}, ` +
          `${done.removed.toLocaleString("en")} removed; the lake has ${done.parts.toLocaleString("en")}`,
      );
      if (json) process.stdout.write(`${JSON.stringify(done)}\n`);
    });
}
