import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expectedEce } from "../models/metrics/expected-ece.ts";
import { table } from "../src/cli/terminal.ts";
import { DEFAULT_FEATURES } from "../src/features/catalogue.ts";
import { createReducers } from "../src/features/reducers.ts";
import { BUILT_IN_RECIPES } from "../src/retraining/recipes.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { createMemoryArtifacts } from "../src/stores/memory/artifacts.ts";
import type { Replayed } from "../training/replay/replay-dataset.ts";
import { retrainRecipe } from "../training/retrain.ts";

/**
 * The real logs, from the file to a purchase model tested on the future:
 * `npx tsx tools/real-logs.ts [cdnow] [online-retail]`. Each is ingested by `portrait ingest` into a var folder of its
 * own, gone afterwards; the last line is one JSON object.
 */
const LOGS = {
  cdnow: { file: "cdnow/CDNOW_master.txt.gz", map: "cdnow" },
  "online-retail": { file: "online-retail/online_retail.csv.gz", map: "online-retail" },
};
const SEED = 1;
const DAY_MS = 86_400_000;
const folder = resolve(process.env.PORTRAIT_DATASETS ?? "../shared/datasets");
const asked = process.argv.slice(2);
const [purchase] = BUILT_IN_RECIPES;
const day = (moment: number) => new Date(moment).toISOString().slice(0, 10);

const logs: Record<string, unknown> = {};
for (const [name, { file, map }] of Object.entries(LOGS)) {
  if (asked.length && !asked.includes(name)) continue;
  const path = join(folder, file);
  if (!existsSync(path)) {
    console.error(`${name}: skipped, there is no ${path} (set PORTRAIT_DATASETS)`);
    logs[name] = { skipped: `no ${file}` };
    continue;
  }
  const varFolder = mkdtempSync(join(tmpdir(), `portrait-${name}-`));
  try {
    logs[name] = await walk(name, path, map, varFolder);
  } finally {
    rmSync(varFolder, { recursive: true, force: true });
  }
}
process.stdout.write(`${JSON.stringify({ tool: "real-logs", seed: SEED, logs })}\n`);

async function walk(name: string, path: string, map: string, varFolder: string) {
  const { REDIS_URL: _, PORTRAIT_CONFIG: __, ...env } = process.env;
  const ingest = spawnSync(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", "ingest", path, "--map", map, "--json"],
    { env: { ...env, PORTRAIT_VAR: varFolder }, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (ingest.status !== 0) throw new Error(`portrait ingest ended with ${ingest.status}: ${ingest.stdout}`);

  const lake = createParquetLake(join(varFolder, "lake"));
  try {
    const summary = await lake.summary();
    let replayed: Replayed | undefined;
    const started = performance.now();
    const { learned, about } = await retrainRecipe(
      {
        recipe: purchase,
        seed: SEED,
        reason: "manual",
        askedAt: Date.UTC(2026, 0, 1),
        beside: (rows) => {
          replayed = rows;
          return {};
        },
      },
      { lake, artifacts: createMemoryArtifacts(), reducers: createReducers(DEFAULT_FEATURES) },
    );
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const time = replayed?.data.time ?? new Float64Array();
    const testTimes = Array.from(learned.test.rows, (row) => time[row]);
    const newest = time.reduce((most, moment) => Math.max(most, moment), 0);
    // the numbers below are worth nothing if a label looked beyond the log
    if (newest + 30 * DAY_MS > about.until) throw new Error(`${name}: a spine moment's horizon ends beyond the log`);

    const metrics = Object.fromEntries(
      Object.entries(learned.metrics).map(([who, { auc, logLoss, ece }]) => [who, { auc, logLoss, ece }]),
    );
    const facts = {
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
      eceOfPerfect95: expectedEce(learned.test.probability, { seed: SEED }).p95,
      seconds,
    };
    console.log(
      `\n${name}: ${summary.events.toLocaleString("en")} events of ${summary.entities.toLocaleString("en")} customers, ` +
        `${facts.from} to ${facts.until}; tested on ${facts.test.from} to ${facts.test.until}`,
    );
    console.log(
      table(
        ["", "AUC", "log loss", "calib. error"],
        Object.entries(metrics).map(([who, m]) => [who, ...[m.auc, m.logLoss, m.ece].map((x) => (x ?? 0).toFixed(4))]),
      ),
    );
    return facts;
  } finally {
    await lake.close();
  }
}
