import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { PortraitError } from "../../errors.ts";
import { progressBar } from "../progress.ts";
import { paint, table } from "../terminal.ts";

interface Options {
  readonly people: number;
  readonly days: number;
  readonly seed: number;
  readonly until: number;
  readonly out: string;
  readonly gzip?: boolean;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;
const count = (n: number) => n.toLocaleString("en");

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`Wanted a whole number from ${count(low)} to ${count(high)}.`);
    return value;
  };
}

function day(text: string): number {
  const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new InvalidArgumentError("Wanted a day such as 2026-07-01.");
  return moment;
}

/** `portrait simulate`: a town of people with traits, habits and secrets, as events to try everything on. */
export function register(program: Command): void {
  program
    .command("simulate")
    .description("Write the events of a simulated shop with a wallet, and the hidden truth beside them")
    .option("--people <n>", "how many people live in it", wholeNumber(1, 100_000_000), 5_000)
    .option("--days <n>", "how many days they live", wholeNumber(1, 3_650), 180)
    .option("--seed <n>", "the only source of chance", wholeNumber(0, 4_294_967_295), 1)
    .option("--until <day>", "the day the log ends on, UTC, itself left out (default: today)", day)
    .option("--out <dir>", "the folder for events.ndjson and truth.ndjson", "data/var/simulated")
    .option("--gzip", "write events.ndjson.gz")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
The same seed and the same --until give the same files, byte for byte.

Examples
  portrait simulate --people 5000 --out data/var/simulated
  portrait simulate --people 200 --days 90 --seed 7 --until 2026-07-01 --out /tmp/small --json
  portrait ingest data/var/simulated/events.ndjson`,
    )
    .action(async (options: Options) => {
      const { writeSimulation } = await import("../../../data/simulate/write.ts");
      const until = Math.floor((options.until ?? Date.now()) / DAY_MS) * DAY_MS;
      const folder = resolve(options.out);
      const bar = progressBar("Simulating", { quiet: options.json });
      const written = await writeSimulation({ ...options, until }, folder, {
        gzip: options.gzip,
        onProgress: bar.update,
      }).catch((error: NodeJS.ErrnoException) => {
        if (typeof error.syscall !== "string") throw error;
        throw new PortraitError(
          "FILE_UNREADABLE",
          `Wanted to write the simulation to ${folder}, but the system says ${error.code}. Give a folder that can be written with --out.`,
          { folder, code: error.code },
          error,
        );
      });
      bar.end(`${count(written.events)} events`);
      const ends = new Date(until).toISOString().slice(0, 10);
      if (options.json) {
        process.stdout.write(
          `${JSON.stringify({ ...written, days: options.days, seed: options.seed, until: ends })}\n`,
        );
        return;
      }
      console.log(
        table(
          ["", "people", "events", "orders", "loans"],
          [["simulated", count(written.people), count(written.events), count(written.orders), count(written.loans)]],
        ),
      );
      console.log(`\nevents  ${written.eventsFile}\ntruth   ${written.truthFile}`);
      console.log(paint("dim", `\nNext: portrait ingest ${written.eventsFile}`));
    });
}
