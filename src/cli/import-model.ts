import { basename } from "node:path";
import type { Command } from "commander";
import type { Effort, Learned } from "../../training/learn/learned.ts";
import { type Config, loadConfig } from "../config.ts";
import { PortraitError } from "../errors.ts";
import { openArtifacts } from "./artifacts.ts";
import { auditedCommand } from "./audited-command.ts";
import { moment } from "./moment.ts";
import { progressBar } from "./progress.ts";
import { addTableOptions, namesIn, type TableFlags, tableOptions } from "./table-options.ts";
import { paint } from "./terminal.ts";

interface Flags extends TableFlags {
  readonly table?: string;
  readonly label?: string;
  readonly positive?: string;
  readonly keep?: string;
  readonly category?: string;
  readonly time?: string;
  readonly until?: number;
  readonly json?: boolean;
}

interface Imported {
  readonly model: string;
  readonly version: string;
  readonly promoted: boolean;
  readonly why: string;
  readonly learned: Learned;
}

/** `portrait models import <model> <file>`: a model that XGBoost trained becomes a version like any other. */
export function addModelImport(models: Command): void {
  const command = models
    .command("import <model> <file>")
    .description("Make a version of a model that XGBoost trained elsewhere (JSON)")
    .option(
      "--table <file>",
      "rows to calibrate and judge on; without it, <model> is a recipe and its rows are replayed",
    )
    .option("--label <column>", "of the table: what the model predicts")
    .option("--positive <value>", "of the table: which of the two values is the one it predicts")
    .option(
      "--keep <columns>",
      "of the table: columns that the model reads although they look like identifiers or leaks",
    )
    .option("--category <columns>", "of the table: columns of numbers that are codes, not amounts")
    .option("--time <column>", "of the table: calibrate on the older rows, judge on the newest")
    .option("--until <moment>", "of a recipe: read nothing that was known later; as it was exported", moment);
  addTableOptions(command)
    .option("--json", "one JSON object on stdout, no progress")
    .addHelpText(
      "after",
      `
The file is what Booster.save_model("model.json") writes: gbtree, binary:logistic, numbers and categories. Columns are
found by their names. It is calibrated on the rows to choose, judged on the test rows beside the champion, and answers
when it passes the same gate as a training. The rows of a table must be new to it; of a recipe it may have fitted the
part "fit" of \`portrait dataset export --parts\`.

Examples
  portrait models import purchase model.json
  portrait models import churn model.json --table held-out.csv --label churned`,
    )
    .action((model: string, file: string, _: Flags, command: Command) =>
      auditedCommand(loadConfig(process.env), "portrait models import", { model }, () =>
        importModel(model, file, command.optsWithGlobals()),
      ),
    );
}

async function importModel(model: string, file: string, flags: Flags): Promise<void> {
  const config = loadConfig(process.env);
  const { readXgboost } = await import("../../training/learn/read-xgboost.ts");
  const { renderReport } = await import("../../training/learn/report.ts");
  const ready = await readXgboost(file);
  const bar = progressBar(`Importing ${basename(file)}`, { quiet: flags.json });
  const { version, promoted, why, learned } =
    flags.table === undefined
      ? await asRecipe(model, ready, flags, config, bar.update)
      : await onTable(model, flags.table, ready, flags, config, bar.update);
  const { kind, columns } = learned.model;
  bar.end(`${columns.length} columns`);
  if (flags.json) {
    const { metrics, calibration, parts, backend } = learned;
    process.stdout.write(
      `${JSON.stringify({ model, version, promoted, why, backend, parts, calibration: calibration.kind, test: metrics[kind], metrics })}\n`,
    );
    return;
  }
  process.stdout.write(
    `\n${renderReport(learned, { title: `${model}, version ${version}`, positive: "positive", seed: config.seed })}\n\n` +
      `${promoted ? paint("green", "Champion from now on") : paint("yellow", "Kept, but does not answer")}: ${why}\n`,
  );
}

type Ready = NonNullable<Effort["ready"]>;
type OnProgress = (done: number, note: string) => void;

async function asRecipe(
  name: string,
  ready: Ready,
  flags: Flags,
  config: Config,
  onProgress: OnProgress,
): Promise<Imported> {
  const { until } = flags;
  const { composeTraining } = await import("../../training/compose.ts");
  const { retrainRecipe } = await import("../../training/retrain.ts");
  const { findRedis } = await import("../stores/redis/open-redis.ts");
  const workshop = await composeTraining(config, (await findRedis(config))?.url);
  try {
    const recipe = workshop.recipes.find((one) => one.name === name);
    if (!recipe)
      throw new PortraitError(
        "RECIPE_UNKNOWN",
        `There is no recipe called ${name}. Name one, or give the rows to judge on with --table and --label.`,
      );
    return await retrainRecipe(
      { recipe, until, seed: config.seed, reason: "imported", askedAt: Date.now(), effort: { ready } },
      { ...workshop, onProgress },
    );
  } finally {
    await workshop.close();
  }
}

async function onTable(
  model: string,
  path: string,
  ready: Ready,
  flags: Flags,
  config: Config,
  onProgress: OnProgress,
): Promise<Imported> {
  if (flags.label === undefined)
    throw new PortraitError("LABEL_INVALID", `Wanted --label <column>, the column that ${model} predicts in ${path}.`);
  const { trainTable, checkModelName } = await import("../../training/tables/train-table.ts");
  const { artifacts, close } = await openArtifacts(config);
  try {
    const made = await trainTable(
      {
        path,
        label: flags.label,
        model: checkModelName(model),
        seed: config.seed,
        now: Date.now(),
        learners: [],
        ready,
        wishes: {
          ...tableOptions(flags),
          positive: flags.positive,
          keep: namesIn(flags.keep),
          category: namesIn(flags.category),
          time: flags.time,
        },
      },
      { artifacts, onProgress },
    );
    return { ...made, model, version: made.artifact.manifest.version };
  } finally {
    close();
  }
}
