import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import type { TrainedTable } from "../../../training/tables/train-table.ts";
import { type Config, loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { QUALITIES } from "../../retraining/recipe.ts";
import { createDiskArtifacts } from "../../stores/disk/artifacts.ts";
import { loadDeclarations } from "../../stores/disk/declarations.ts";
import { openArtifacts } from "../artifacts.ts";
import { durationMs } from "../duration.ts";
import { moment } from "../moment.ts";
import { progressBar } from "../progress.ts";
import { addTableOptions, namesIn, type TableFlags, tableOptions } from "../table-options.ts";
import { paint } from "../terminal.ts";

interface Flags extends TableFlags {
  readonly label?: string;
  readonly positive?: string;
  readonly drop?: string;
  readonly keep?: string;
  readonly category?: string;
  readonly time?: string;
  readonly name?: string;
  readonly seed?: string;
  readonly learner?: string;
  readonly quality?: string;
  readonly budget?: string;
  readonly latencyBudget?: string;
  readonly out?: string;
  readonly predictions?: string;
  readonly until?: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("train <table-or-recipe>")
    .description("Learn a model from a labelled table (CSV, Parquet), or from the log by a recipe")
    .option("--label <column>", "what to predict: a column of two values")
    .option("--positive <value>", "which of the two values is the one to predict")
    .option("--drop <columns>", "columns not to use, e.g. a,b")
    .option("--keep <columns>", "columns to use although they look like identifiers, copies or leaks")
    .option("--category <columns>", "columns of numbers that are codes, not amounts")
    .option("--time <column>", "when each row was made: train on the older rows, test on the newest")
    .option("--name <model>", "the model's name (the file's name)")
    .option("--quality <level>", "fast, balanced or best (balanced)")
    .option("--budget <time>", "best: how long to search, e.g. 2m (60s)")
    .option(
      "--latency-budget <time>",
      "what a score may cost on this machine, e.g. 50us: slower models are passed over",
    )
    .option("--learner <names>", "just these, instead of a quality: gbdt, logistic, net, blend, constant")
    .option("--seed <n>", "the only source of chance (SEED)")
    .option("--out <folder>", "where versions are kept (the artifacts folder of PORTRAIT_VAR)")
    .option("--predictions <file>", "write row, probability and label of the test rows as CSV")
    .option("--until <moment>", "recipes: read nothing that was known later, e.g. 2026-07-01", moment);
  addTableOptions(command)
    .option("--json", "one JSON object on stdout, no progress")
    .addHelpText(
      "after",
      `
Types are inferred and shown; identifiers, constants, copies and columns that give the answer away are left out, with
reasons. Rows are cut into three parts (fit; choose and calibrate; test, read once), by chance, or with --time by time.
The new version answers from now on when there is no champion yet, or when it is no worse on the same test rows.
No Redis is needed for tables.

Examples
  portrait train customers.csv --label churned
  portrait train bank.csv.gz --label y --drop duration --name bank
  portrait train german.data --label column21 --positive 2 --category column8
  portrait train claims.parquet --label fraud --time claimed_at --json
  portrait train claims.parquet --label fraud --quality best --budget 5m --latency-budget 50us
  portrait train purchase                              a recipe: replays the event log`,
    )
    .action(train);
}

async function train(what: string, flags: Flags): Promise<void> {
  const config = loadConfig(process.env);
  if (!existsSync(what)) {
    const { recipes } = loadDeclarations(config.declarations);
    if (recipes.some(({ name }) => name === what)) return trainRecipe(what, flags, config);
    if (!/[./\\]/.test(what)) {
      throw new PortraitError(
        "FILE_UNREADABLE",
        `Wanted a table or a recipe, found neither a file nor a recipe called ${what}. The recipes are ${recipes.map(({ name }) => name).join(", ")}.`,
      );
    }
  }
  return trainOnTable(what, flags, config);
}

const wholeNumber = (option: string, text: string): number => {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new PortraitError("INPUT_INVALID", `Wanted a whole number in ${option}, found "${text}".`);
};

/** What the flags say of how hard to try, and nothing else. */
function effortOf({ learner, quality, budget, latencyBudget }: Flags) {
  if (learner !== undefined && quality !== undefined)
    throw new PortraitError(
      "INPUT_INVALID",
      "Wanted --quality or --learner, found both: a quality chooses its learners.",
    );
  const known = QUALITIES.find((one) => one === quality);
  if (quality !== undefined && !known)
    throw new PortraitError("INPUT_INVALID", `Wanted one of ${QUALITIES.join(", ")} in --quality, found "${quality}".`);
  return {
    ...(known && { quality: known }),
    ...(learner !== undefined && { quality: undefined, learners: namesIn(learner) ?? [] }),
    ...(budget !== undefined && { budgetMs: durationMs("--budget", budget) }),
    ...(latencyBudget !== undefined && { latencyUs: 1000 * durationMs("--latency-budget", latencyBudget) }),
  };
}

async function trainOnTable(path: string, flags: Flags, config: Config): Promise<void> {
  if (flags.label === undefined) {
    throw new PortraitError(
      "LABEL_INVALID",
      `Wanted --label <column>, the column to predict. \`portrait explore ${path}\` shows the columns.`,
    );
  }
  const { trainTable, modelName, checkModelName } = await import("../../../training/tables/train-table.ts");
  const { describeTable } = await import("../../../training/tables/describe-table.ts");
  const { renderReport } = await import("../../../training/learn/report.ts");
  const seed = flags.seed === undefined ? config.seed : wholeNumber("--seed", flags.seed);
  const model = checkModelName(flags.name ?? modelName(basename(path)));
  const folder = flags.out === undefined ? config.paths.artifacts : resolve(flags.out);
  const { artifacts, close } =
    flags.out === undefined ? await openArtifacts(config) : { artifacts: createDiskArtifacts(folder), close: () => {} };
  const bar = progressBar(`Training ${model}`, { quiet: flags.json });
  try {
    const trained = await trainTable(
      {
        path,
        label: flags.label,
        model,
        seed,
        now: Date.now(),
        learners: [],
        quality: "balanced",
        ...effortOf(flags),
        wishes: {
          ...tableOptions(flags),
          positive: flags.positive,
          drop: namesIn(flags.drop),
          keep: namesIn(flags.keep),
          category: namesIn(flags.category),
          time: flags.time,
        },
      },
      { artifacts, onProgress: bar.update },
    );
    const { version } = trained.artifact.manifest;
    const kept = join(folder, model, version);
    bar.end(`${trained.table.dataset.rows.toLocaleString("en-US")} rows`);
    if (flags.predictions !== undefined) await writeFile(flags.predictions, predictionsCsv(trained));
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(toJson(trained, kept, seed))}\n`);
      return;
    }
    const { label } = trained.table;
    const about = { title: `${model}, version ${version}`, positive: `${label?.column} is ${label?.positive}`, seed };
    process.stdout.write(`\n${describeTable(trained.table)}\n\n${renderReport(trained.learned, about)}\n\n`);
    process.stdout.write(
      `${trained.promoted ? paint("green", "Champion from now on") : paint("yellow", "Kept, but does not answer")}: ${trained.why}\n` +
        `Stored in ${kept}\n` +
        (trained.promoted
          ? `Score a table with it: portrait score ${model} <file> --out <file>\n`
          : `Let it answer all the same: portrait models promote ${model} ${version} --why "…"\n`),
    );
  } finally {
    close();
  }
}

/** Row (from 0, among the rows of the file), probability and label of each test row. */
function predictionsCsv({ learned: { test }, table: { rowOf } }: TrainedTable): string {
  const lines = Array.from(test.rows, (row, i) => `${rowOf[row]},${test.probability[i]},${test.label[i]}`);
  return `row,probability,label\n${lines.join("\n")}\n`;
}

function toJson({ table, learned, artifact, promoted, why }: TrainedTable, path: string, seed: number) {
  const { manifest, digest } = artifact;
  return {
    model: manifest.model,
    version: manifest.version,
    digest,
    path,
    promoted,
    why,
    seed,
    kind: manifest.kind,
    backend: manifest.code.backend,
    file: { name: table.file.name, sha256: table.file.sha256 },
    rows: table.rows,
    brokenRows: table.brokenRows,
    label: table.label,
    columns: manifest.columns.map(({ name, type }) => ({ name, type })),
    leftOut: table.columns.flatMap(({ name, leftOut }) =>
      leftOut ? [{ column: name, code: leftOut.code, why: leftOut.words }] : [],
    ),
    warnings: table.columns.flatMap(({ name, warning, leftOut }) =>
      warning && !leftOut ? [{ column: name, why: warning }] : [],
    ),
    parts: manifest.parts,
    calibration: manifest.calibration.kind,
    /** The new version on the test rows; `metrics` has the baseline and the other learners beside it. */
    test: manifest.metrics[manifest.kind],
    metrics: manifest.metrics,
    seconds: learned.seconds,
    /** Everything that was tried, best first, on rows that it had not fitted. */
    candidates: learned.candidates,
  };
}

/** `portrait train purchase`: what the worker does, here and now. */
async function trainRecipe(name: string, flags: Flags, config: Config): Promise<void> {
  const { composeTraining } = await import("../../../training/compose.ts");
  const { retrainRecipe } = await import("../../../training/retrain.ts");
  const { renderReport } = await import("../../../training/learn/report.ts");
  const { findRedis } = await import("../../stores/redis/open-redis.ts");
  const { until } = flags;
  const seed = flags.seed === undefined ? config.seed : wholeNumber("--seed", flags.seed);
  const workshop = await composeTraining(config, (await findRedis(config))?.url);
  const bar = progressBar(`Training ${name}`, { quiet: flags.json });
  try {
    const recipe = workshop.recipes.find((one) => one.name === name);
    if (!recipe) throw new PortraitError("RECIPE_UNKNOWN", `There is no recipe called ${name}.`);
    const made = await retrainRecipe(
      { recipe, until, seed, reason: "manual", askedAt: Date.now(), effort: effortOf(flags) },
      { ...workshop, onProgress: bar.update },
    );
    bar.end(`${made.about.rows.toLocaleString("en-US")} rows`);
    const { model, version, promoted, why, artifact, learned, about } = made;
    if (flags.json) {
      const { kind, parts, metrics, columns } = artifact.manifest;
      const test = metrics[kind];
      process.stdout.write(
        `${JSON.stringify({ model, version, promoted, why, seed, kind, about, columns, parts, test, metrics, candidates: learned.candidates })}\n`,
      );
      return;
    }
    const title = `${model}, version ${version}`;
    process.stdout.write(`\n${renderReport(learned, { title, positive: recipe.positive, seed })}\n\n`);
    process.stdout.write(
      `${promoted ? paint("green", "Champion from now on") : paint("yellow", "Kept, but does not answer")}: ${why}\n`,
    );
  } finally {
    await workshop.close();
  }
}
