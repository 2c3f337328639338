import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { auc } from "../models/metrics/auc.ts";
import { expectedEce } from "../models/metrics/expected-ece.ts";
import { logLoss } from "../models/metrics/log-loss.ts";
import { table } from "../src/cli/terminal.ts";
import type { Lake } from "../src/events/event-log.ts";
import type { Recipe } from "../src/retraining/recipe.ts";
import { loadDeclarations, reducersOf } from "../src/stores/disk/declarations.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { createMemoryArtifacts } from "../src/stores/memory/artifacts.ts";
import type { Replayed } from "../training/replay/replay-dataset.ts";
import { retrainRecipe } from "../training/retrain.ts";

/**
 * The real logs, from the file to a purchase model tested on the future:
 * `npx tsx tools/real-logs.ts [cdnow] [online-retail]`. Each is ingested by `portrait ingest` into a var folder of its
 * own, gone afterwards; the last line is one JSON object.
 *
 * What they are read by stands in real-logs.config.json, as a user would declare it for a log of orders: with and without
 * the month of the year, all learners or the logistic one alone, and `best`, which takes minutes on CDNOW's rows and is
 * not tried there. Which of them a log gets is chosen by the mean log loss on the newest fifth of its rows as of each of
 * three moments, with nothing known later; the test begins no sooner than the last of them
 * (training/notes/0006-a-log-of-orders.md tells what was tried).
 * They take a row every 7 days; "every 14 days" are the scores of every second of these moments, counted back from the last.
 */
const LOGS: Record<string, Log> = {
  cdnow: {
    file: "cdnow/CDNOW_master.txt.gz",
    map: "cdnow",
    asOf: [Date.UTC(1997, 10, 23), Date.UTC(1997, 11, 21), Date.UTC(1998, 0, 18)],
    passOver: "purchase-best",
  },
  "online-retail": {
    file: "online-retail/online_retail.csv.gz",
    map: "online-retail",
    asOf: [Date.UTC(2011, 6, 27), Date.UTC(2011, 7, 24), Date.UTC(2011, 8, 21)],
  },
};

interface Log {
  readonly file: string;
  readonly map: string;
  /** Moments as of which the candidates are compared, ascending, ms. */
  readonly asOf: readonly number[];
  readonly passOver?: string;
}

const SEED = 1;
/** What the search of `best` may take each time, ms of CPU. */
const EFFORT = { budgetMs: 8_000 };
const DAY_MS = 86_400_000;
const folder = resolve(process.env.PORTRAIT_DATASETS ?? "../shared/datasets");
const ASKED = { seed: SEED, reason: "manual", askedAt: Date.UTC(2026, 0, 1), effort: EFFORT } as const;
const asked = process.argv.slice(2);
const declared = loadDeclarations("tools/real-logs.config.json");
const candidates = declared.recipes.filter(({ name }) => name.startsWith("purchase"));
const day = (moment: number) => new Date(moment).toISOString().slice(0, 10);

const logs: Record<string, unknown> = {};
for (const [name, log] of Object.entries(LOGS)) {
  if (asked.length && !asked.includes(name)) continue;
  const { file } = log;
  const path = join(folder, file);
  if (!existsSync(path)) {
    console.error(`${name}: skipped, there is no ${path} (set PORTRAIT_DATASETS)`);
    logs[name] = { skipped: `no ${file}` };
    continue;
  }
  const varFolder = mkdtempSync(join(tmpdir(), `portrait-${name}-`));
  try {
    logs[name] = await walk(name, path, log, varFolder);
  } finally {
    rmSync(varFolder, { recursive: true, force: true });
  }
}
process.stdout.write(`${JSON.stringify({ tool: "real-logs", seed: SEED, logs })}\n`);

interface Tried {
  readonly recipe: Recipe;
  readonly auc: number;
  readonly logLoss: number;
}

/** The recipe with the smallest log loss on the newest rows that were mature at each of these moments, and how all stood. */
async function chooseRecipe(lake: Lake, { asOf, passOver }: Log): Promise<{ best: Tried; tried: Tried[] }> {
  const tried: Tried[] = [];
  for (const recipe of candidates.filter(({ name }) => name !== passOver)) {
    const figures: { auc: number; logLoss: number }[] = [];
    for (const until of asOf) {
      const deps = { lake, artifacts: createMemoryArtifacts(), reducers: reducersOf(declared) };
      const { probability, label } = (await retrainRecipe({ recipe, ...ASKED, until }, deps)).learned.test;
      figures.push({ auc: auc(probability, label), logLoss: logLoss(probability, label) });
    }
    const mean = (of: "auc" | "logLoss") => figures.reduce((sum, one) => sum + one[of], 0) / figures.length;
    tried.push({ recipe, auc: mean("auc"), logLoss: mean("logLoss") });
    console.log(
      `as of ${asOf.map(day).join(", ")}: ${recipe.name}, AUC ${mean("auc").toFixed(4)}, log loss ${mean("logLoss").toFixed(4)}`,
    );
  }
  if (!tried.length) throw new Error("real-logs.config.json declares no purchase");
  return { best: tried.reduce((a, b) => (b.logLoss < a.logLoss ? b : a)), tried };
}

/** The chosen learner on the moments 14 days apart, which are those of the built-in recipe. */
function everySecondMoment(time: readonly number[], label: ArrayLike<number>, probability: ArrayLike<number>) {
  const newest = Math.max(...new Set(time));
  const rows = [...time.keys()].filter((row) => ((newest - time[row]) / DAY_MS) % 14 === 0);
  const labels = Uint8Array.from(rows, (row) => label[row]);
  const scores = Float64Array.from(rows, (row) => probability[row]);
  return {
    rows: rows.length,
    auc: auc(scores, labels),
    logLoss: logLoss(scores, labels),
  };
}

async function walk(name: string, path: string, log: Log, varFolder: string) {
  const before = Math.max(...log.asOf);
  const { REDIS_URL: _, PORTRAIT_CONFIG: __, ...env } = process.env;
  const ingest = spawnSync(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", "ingest", path, "--map", log.map, "--json"],
    { env: { ...env, PORTRAIT_VAR: varFolder }, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (ingest.status !== 0) throw new Error(`portrait ingest ended with ${ingest.status}: ${ingest.stdout}`);

  const lake = createParquetLake(join(varFolder, "lake"));
  try {
    const summary = await lake.summary();
    let replayed: Replayed | undefined;
    const started = performance.now();
    const { best, tried } = await chooseRecipe(lake, log);
    const { recipe } = best;
    const { learned, about } = await retrainRecipe(
      {
        recipe,
        ...ASKED,
        beside: (rows) => {
          replayed = rows;
          return {};
        },
      },
      { lake, artifacts: createMemoryArtifacts(), reducers: reducersOf(declared) },
    );
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const time = replayed?.data.time ?? new Float64Array();
    const testTimes = Array.from(learned.test.rows, (row) => time[row]);
    const newest = time.reduce((most, moment) => Math.max(most, moment), 0);
    // the numbers below are worth nothing if a label looked beyond the log
    if (newest + 30 * DAY_MS > about.until) throw new Error(`${name}: a spine moment's horizon ends beyond the log`);
    if (testTimes.some((moment) => moment < before))
      throw new Error(
        `${name}: the recipe was chosen on test rows, which begin ${day(Math.min(...new Set(testTimes)))}`,
      );

    const metrics = Object.fromEntries(
      Object.entries(learned.metrics).map(([who, { auc, logLoss, ece }]) => [who, { auc, logLoss, ece }]),
    );
    const fortnightly = everySecondMoment(testTimes, learned.test.label, learned.test.probability);
    const facts = {
      recipe: recipe.name,
      chosenAmong: tried.map(({ recipe, ...figures }) => ({ recipe: recipe.name, ...figures })),
      why: learned.why,
      events: summary.events,
      customers: summary.entities,
      from: day(about.from),
      until: day(about.until),
      rows: about.rows,
      immature: about.immature,
      baseRate: about.positives / about.rows,
      test: {
        rows: testTimes.length,
        from: day(Math.min(...new Set(testTimes))),
        until: day(newest),
        baseRate: learned.test.label.reduce((sum, y) => sum + y, 0) / testTimes.length,
      },
      metrics,
      everyFourteenDays: fortnightly,
      eceOfPerfect95: expectedEce(learned.test.probability, { seed: SEED }).p95,
      seconds,
    };
    console.log(
      `\n${name}: ${summary.events.toLocaleString("en")} events of ${summary.entities.toLocaleString("en")} customers, ` +
        `${facts.from} to ${facts.until}; ${recipe.name} tested on ${facts.test.from} to ${facts.test.until}`,
    );
    console.log(
      table(
        ["", "AUC", "log loss", "calib. error"],
        Object.entries(metrics).map(([who, m]) => [who, ...[m.auc, m.logLoss, m.ece].map((x) => (x ?? 0).toFixed(4))]),
      ),
    );
    console.log(
      `every 14 days: AUC ${fortnightly.auc.toFixed(4)}, log loss ${fortnightly.logLoss.toFixed(4)} on ${fortnightly.rows} rows`,
    );
    return facts;
  } finally {
    await lake.close();
  }
}
