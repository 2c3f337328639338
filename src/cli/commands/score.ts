import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import type { ArtifactStore } from "../../scoring/artifact.ts";
import { modelOf } from "../../scoring/artifact-bytes.ts";
import { createScorer } from "../../scoring/scorer.ts";
import { nearestNames } from "../../stores/disk/nearest-names.ts";
import { openArtifacts } from "../artifacts.ts";
import { progressBar } from "../progress.ts";
import { addTableOptions, type TableFlags, tableOptions } from "../table-options.ts";
import { table } from "../terminal.ts";

interface Flags extends TableFlags {
  readonly out: string;
  readonly version?: string;
  readonly reasons: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("score <model> <table>")
    .description("Score every row of a table (CSV, Parquet): probability, percentile, band, reasons")
    .requiredOption("--out <file>", "what to write; ends in .csv, .tsv, .csv.gz or .parquet")
    .option("--version <version>", "a stored version (the champion)")
    .option("--reasons <n>", "add the n strongest reasons of each row, in words", "0");
  addTableOptions(command)
    .option("--json", "one JSON object on stdout, no progress")
    .addHelpText(
      "after",
      `
Columns are matched by name; more columns than the model knows are carried along, missing ones are refused. The label
may be absent. Values the model never saw are counted and taken as missing. The file appears whole or not at all.

Examples
  portrait score telco new-customers.csv --out scored.csv
  portrait score telco new-customers.parquet --out scored.parquet --reasons 3
  portrait score bank calls.csv --version 2026-03-01T12-00-00-000Z --out scored.csv.gz --json`,
    )
    .action(score);
}

async function score(model: string, path: string, flags: Flags): Promise<void> {
  const config = loadConfig(process.env);
  const reasons = Number(flags.reasons);
  if (!Number.isInteger(reasons) || reasons < 0 || reasons > 100)
    throw new PortraitError("INPUT_INVALID", `Wanted --reasons from 0 to 100, found "${flags.reasons}".`);
  const { artifacts, close } = await openArtifacts(config);
  try {
    const artifact = await artifacts.load(model, flags.version ?? (await championOf(artifacts, model)));
    const scorer = createScorer(artifact, modelOf(artifact));
    const { scoreTable } = await import("../../../training/tables/score-table.ts");
    const bar = progressBar(`Scoring with ${model}`, { quiet: flags.json });
    const options = tableOptions(flags);
    const scored = await scoreTable(scorer, { path, out: flags.out, options, reasons, onProgress: bar.update });
    bar.end(`${scored.rows.toLocaleString("en-US")} rows`);
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ model, version: scorer.version, out: flags.out, ...scored })}\n`);
      return;
    }
    const percent = (n: number) => `${((100 * n) / scored.rows).toFixed(1)} %`;
    const lines = [
      `${scored.rows.toLocaleString("en-US")} rows scored with ${model} ${scorer.version} into ${flags.out}: ${scored.added.join(", ")}`,
      `mean probability ${scored.meanProbability.toFixed(4)}`,
      ...(scored.brokenRows ? [`${scored.brokenRows.toLocaleString("en-US")} broken rows were skipped`] : []),
      "",
      table(
        ["band", "rows", "share"],
        Object.entries(scored.bands).map(([band, n]) => [band, n.toLocaleString("en-US"), percent(n)]),
      ),
      ...scored.unknown.map(
        ({ column, type, cells }) =>
          `${column}: ${cells.toLocaleString("en-US")} ${type === "category" ? "values unseen in training" : `cells that are no ${type}`}, taken as missing`,
      ),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    close();
  }
}

/** @throws PortraitError MODEL_UNKNOWN, MODEL_NOT_READY */
async function championOf(artifacts: ArtifactStore, model: string): Promise<string> {
  const champion = await artifacts.champion(model);
  if (champion !== undefined) return champion;
  const [latest] = await artifacts.versions(model);
  if (latest !== undefined) {
    throw new PortraitError(
      "MODEL_NOT_READY",
      `Wanted a champion of ${model}, found versions only, the newest ${latest}. Promote one, or name it with --version.`,
      { model },
    );
  }
  const models = await artifacts.models();
  const near = nearestNames(model, models);
  throw new PortraitError(
    "MODEL_UNKNOWN",
    `There is no model ${model}. ${near.length ? `Did you mean ${near.join(", ")}?` : models.length ? `There are ${models.join(", ")}.` : "Train one: portrait train <file> --label <column>."}`,
    { model },
  );
}
