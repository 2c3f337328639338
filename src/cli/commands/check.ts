import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import type { ArtifactStore } from "../../scoring/artifact.ts";
import { modelOf } from "../../scoring/artifact-bytes.ts";
import { type CheckReport, checkReceipts } from "../../scoring/check.ts";
import { createScorer, type Scorer } from "../../scoring/scorer.ts";
import { createDiskArtifacts } from "../../stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { createRedisArtifacts } from "../../stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../../stores/redis/connect.ts";
import { countCheck } from "../../stores/redis/measures.ts";
import { findRedis } from "../../stores/redis/open-redis.ts";
import { createRedisReceipts } from "../../stores/redis/receipts.ts";
import { progressBar } from "../progress.ts";
import { paint } from "../terminal.ts";

const SHOWN = 10;

/** `portrait check`: what was served, made again from the log alone. */
export function register(program: Command): void {
  program
    .command("check")
    .description("Make the newest receipts again from the Parquet lake alone, and count what differs")
    .option("--receipts <n>", "how many receipts, the newest first", readCount, 1_000)
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
For each receipt the features are read from the lake as they stood at its log position, the named version is opened,
and row, margin and probability are compared to the last bit. Ends with 1 when anything differs.
A score whose events are not in the lake yet is counted apart: the worker writes the lake every few seconds.

Examples:
  $ portrait check
  $ portrait check --receipts 100 --json`,
    )
    .action(async ({ receipts, json = false }: { receipts: number; json?: boolean }) => {
      const report = await check(receipts, json);
      process.stdout.write(json ? `${JSON.stringify(summary(report))}\n` : words(report));
      if (report.mismatched.length > 0) process.exitCode = 1;
    });
}

async function check(count: number, quiet: boolean): Promise<CheckReport> {
  const config = loadConfig(process.env);
  const found = await findRedis(config);
  if (!found) {
    throw new PortraitError(
      "REDIS_AWAY",
      "Wanted the Redis that holds the receipts, found none. Start `portrait up`, or set REDIS_URL.",
    );
  }
  const redis = connectFailFast(found.url);
  const lake = createParquetLake(config.paths.lake);
  const bar = progressBar("checking receipts", { quiet });
  try {
    await whenReady(redis, 5_000);
    const report = await checkReceipts(count, {
      receipts: createRedisReceipts({ redis, keepMs: config.receipts.keepMs }),
      lake,
      reducers: reducersOf(loadDeclarations(config.declarations)),
      scorerOf: scorersFrom([createRedisArtifacts(redis), createDiskArtifacts(config.paths.artifacts)]),
      onProgress: bar.update,
    });
    bar.end(`${report.receipts} receipts`);
    await countCheck(redis, { scores: report.scores, mismatched: report.mismatched.length });
    return report;
  } finally {
    redis.disconnect();
    await lake.close();
    await found.close();
  }
}

/** Opens each version once, from the first store that holds it. */
function scorersFrom(
  stores: readonly Pick<ArtifactStore, "load">[],
): (model: string, version: string) => Promise<Scorer> {
  const opened = new Map<string, Promise<Scorer>>();
  const open = async (model: string, version: string): Promise<Scorer> => {
    for (const [i, store] of stores.entries()) {
      try {
        const artifact = await store.load(model, version);
        return createScorer(artifact, modelOf(artifact));
      } catch (error) {
        const elsewhere = error instanceof PortraitError && error.code === "VERSION_UNKNOWN" && i + 1 < stores.length;
        if (!elsewhere) throw error;
      }
    }
    throw new PortraitError("VERSION_UNKNOWN", `There is no version ${version} of ${model}.`);
  };
  return (model, version) => {
    const key = `${model} ${version}`;
    const there = opened.get(key) ?? open(model, version);
    opened.set(key, there);
    return there;
  };
}

const summary = ({ mismatched, notComparable, ...rest }: CheckReport) => ({
  ...rest,
  mismatched: mismatched.length,
  notComparable: notComparable.length,
  differences: mismatched.slice(0, SHOWN),
  unopened: notComparable.slice(0, SHOWN),
});

function words(report: CheckReport): string {
  const { receipts, scores, equal, mismatched, notYetInLake, notComparable } = report;
  if (receipts === 0) return "No receipts yet: score somebody first.\n";
  const lines = [
    `${scores.toLocaleString("en-US")} scores in ${receipts.toLocaleString("en-US")} receipts, made again from the lake:`,
    `  ${paint("green", `${equal} equal to the last bit`)}`,
    `  ${mismatched.length > 0 ? paint("red", `${mismatched.length} differ`) : "0 differ"}`,
    `  ${notYetInLake} not yet in the lake`,
  ];
  if (notComparable.length > 0)
    lines.push(`  ${notComparable.length} of versions that cannot be opened or read another catalogue`);
  for (const { receipt, model, what, column, kept, recomputed } of mismatched.slice(0, SHOWN)) {
    const where = column === undefined ? what : `${what}, ${column}`;
    const values = kept === undefined ? "" : `: served ${kept}, made again ${recomputed}`;
    lines.push(paint("red", `  ${receipt} ${model}: ${where}${values}`));
  }
  for (const { receipt, model, code } of notComparable.slice(0, SHOWN)) lines.push(`  ${receipt} ${model}: ${code}`);
  return `${lines.join("\n")}\n`;
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("Wanted a whole number above 0.");
}
