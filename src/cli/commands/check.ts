import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { type CheckNeeds, type CheckReport, checkReceipts } from "../../scoring/check.ts";
import type { ReceiptStore } from "../../scoring/receipt.ts";
import { createStandingCheck } from "../../scoring/standing-check.ts";
import { type ChainsReport, verifyChains } from "../../scoring/verify-chains.ts";
import { createVersionScorers } from "../../scoring/version-scorers.ts";
import { createDiskArtifacts } from "../../stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { createRedisArtifacts } from "../../stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../../stores/redis/connect.ts";
import { countCheck } from "../../stores/redis/measures.ts";
import { findRedis } from "../../stores/redis/open-redis.ts";
import { createRedisReceipts } from "../../stores/redis/receipts.ts";
import { durationMs } from "../duration.ts";
import { progressBar } from "../progress.ts";
import { paint } from "../terminal.ts";
import { untilAsked } from "../until-asked.ts";

const SHOWN = 10;

/** `portrait check`: what was served, made again from the log alone. */
export function register(program: Command): void {
  program
    .command("check")
    .description("Make the newest receipts again from the Parquet lake alone, and count what differs")
    .option("--receipts <n>", "how many receipts, the newest first", readCount, 1_000)
    .option("--watch", "go on: make again what is scored from now on, round by round, until it is stopped")
    .option("--every <time>", "with --watch: how long to wait between rounds, e.g. 10s", "30s")
    .option("--chains", "follow every chain of receipts from its root instead, and say what was changed or taken out")
    .option("--json", "one JSON object on stdout; with --watch one a round")
    .addHelpText(
      "after",
      `
For each receipt the features are read from the lake as they stood at its log position, the named version is opened,
and row, margin and probability are compared to the last bit. Ends with 1 when anything differs.
A score whose events are not in the lake yet is counted apart: the worker writes the lake every few seconds.
What is found is added up in Redis and exported by the API's /metrics as portrait_checked_scores and
portrait_mismatched_scores: \`portrait check --watch\` beside the worker is the standing check.

Examples:
  $ portrait check
  $ portrait check --receipts 100 --json
  $ portrait check --chains
  $ portrait check --watch --every 1m`,
    )
    .action(async ({ receipts, json = false, watch = false, every, chains = false }: Options) => {
      if (chains) return followChains(json);
      const say = (report: CheckReport) => {
        process.stdout.write(json ? `${JSON.stringify(summary(report))}\n` : words(report));
        if (report.mismatched.length > 0) process.exitCode = 1;
      };
      await (watch ? watchOn(receipts, durationMs("--every", every), say) : once(receipts, json, say));
    });
}

interface Options {
  readonly receipts: number;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly every: string;
  readonly chains?: boolean;
}

type Say = (report: CheckReport) => void;

async function once(count: number, quiet: boolean, say: Say): Promise<void> {
  const bar = progressBar("checking receipts", { quiet });
  await withNeeds(async (needs, keep) => {
    const report = await checkReceipts(count, { ...needs, onProgress: bar.update });
    bar.end(`${report.receipts} receipts`);
    await keep(report);
    say(report);
  });
}

/** Ends with 1 when a chain does not hold. */
async function followChains(json: boolean): Promise<void> {
  const bar = progressBar("following the chains", { quiet: json });
  await withNeeds(async ({ receipts }) => {
    const report = await verifyChains(receipts, bar.update);
    bar.end(`${report.chains} chains`);
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : chainWords(report));
    if (report.broken.length > 0) process.exitCode = 1;
  });
}

function chainWords({ chains, links, receipts, broken }: ChainsReport): string {
  if (chains === 0) return "No chains yet: score somebody first.\n";
  const count = (n: number, what: string) => `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
  const lines = [
    `${count(chains, "chain")} of ${count(links, "link")}, which vouch for ${count(receipts, "receipt")}:`,
    broken.length > 0
      ? paint("red", `  ${broken.length} broken`)
      : paint("green", "  every link follows from the one before it"),
    ...broken.slice(0, SHOWN).map(({ chain, number, why }) => paint("red", `  ${chain}: link ${number} is ${why}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Rounds until it is stopped; a round in hand is finished. What found nothing new says nothing. */
async function watchOn(most: number, everyMs: number, say: Say): Promise<void> {
  const stop = new AbortController();
  void untilAsked().then(() => stop.abort());
  await withNeeds(async (needs, keep) => {
    const standing = createStandingCheck(needs, most);
    while (!stop.signal.aborted) {
      const report = await standing.round();
      await keep(report);
      if (report.receipts > 0) say(report);
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  });
}

type Keep = (report: CheckReport) => Promise<void>;

/** The store whole, so that its chains can be followed too. */
type Needs = CheckNeeds & { readonly receipts: ReceiptStore };

async function withNeeds(work: (needs: Needs, keep: Keep) => Promise<void>): Promise<void> {
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
  try {
    await whenReady(redis, 5_000);
    const needs = {
      receipts: createRedisReceipts({ redis, keepMs: config.receipts.keepMs }),
      lake,
      reducers: reducersOf(loadDeclarations(config.declarations)),
      scorerOf: createVersionScorers([createRedisArtifacts(redis), createDiskArtifacts(config.paths.artifacts)]),
    };
    // a score that waits for the lake is counted in the round that makes it again
    await work(needs, ({ scores, notYetInLake, mismatched }) =>
      countCheck(redis, { scores: scores - notYetInLake, mismatched: mismatched.length }),
    );
  } finally {
    redis.disconnect();
    await lake.close();
    await found.close();
  }
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
