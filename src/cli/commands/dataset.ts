import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { Column } from "../../../models/model.ts";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { moment } from "../moment.ts";
import { progressBar } from "../progress.ts";
import { paint, table } from "../terminal.ts";

interface Options {
  readonly out: string;
  readonly until?: number;
  readonly parts?: boolean;
  readonly columns?: string;
  readonly json?: boolean;
}

const count = (n: number) => n.toLocaleString("en");
const dayOf = (moment: number) => new Date(moment).toISOString().slice(0, 10);

/** `portrait dataset export <recipe>`: the very rows that a training would see, as a table. */
export function register(program: Command): void {
  program
    .command("dataset")
    .description("The rows that a recipe learns from")
    .command("export")
    .description("Replay the log into the rows of a recipe and write them as a table")
    .argument("<recipe>", "a recipe's name, e.g. purchase")
    .requiredOption("--out <file>", "a file that ends in .parquet, .csv or .csv.gz")
    .option("--until <moment>", "read nothing that was known later, e.g. 2026-07-01 or 2026-07-01T12:00:00Z", moment)
    .option("--parts", "a last column that names each row's part: fit, choose, test, or aside")
    .option("--columns <file>", "also write names, types and categories of the columns, in order, as JSON")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Rows are made as \`portrait train <recipe>\` makes them: features as they were known at the moment, the label from
what followed. Missing is an empty cell (CSV) or NULL (Parquet).
With --parts and --columns a model can be trained elsewhere (docs/gbdt.md): it fits on the rows of the part fit alone,
takes a category for its place in the list, and comes home by \`portrait models import\`.

Examples:
  $ portrait dataset export purchase --out purchase.parquet
  $ portrait dataset export fraud --until 2026-07-01 --out fraud.csv
  $ portrait dataset export purchase --out purchase.parquet --parts --columns purchase.columns.json
  $ portrait train purchase.csv --label label --time moment --drop entity`,
    )
    .action(async (name: string, options: Options) => {
      const config = loadConfig(process.env);
      const declarations = loadDeclarations(config.declarations);
      const { recipes } = declarations;
      const recipe = recipes.find((one) => one.name === name);
      if (!recipe) {
        throw new PortraitError(
          "RECIPE_UNKNOWN",
          `Wanted a recipe, found none called "${name}". There are ${recipes.map((one) => one.name).join(", ")}.`,
          { recipe: name },
        );
      }
      const { until } = options;
      const { checkExportName, exportDataset } = await import("../../../training/replay/export-dataset.ts");
      const { replayDataset } = await import("../../../training/replay/replay-dataset.ts");
      const file = resolve(options.out);
      checkExportName(file);

      const lake = createParquetLake(config.paths.lake);
      try {
        const bar = progressBar(`Replaying ${name}`, { quiet: options.json });
        const started = performance.now();
        const replayed = await replayDataset({
          recipe,
          lake,
          reducers: reducersOf(declarations),
          until,
          onProgress: bar.update,
        });
        const { about } = replayed;
        const eventsPerSecond = Math.round(about.events / ((performance.now() - started) / 1000));
        bar.end(`${count(about.events)} events, ${count(eventsPerSecond)} a second`);
        const { nothingToLearn } = await import("../../../training/nothing-to-learn.ts");
        const nothing = nothingToLearn(recipe, about);
        if (nothing !== undefined && about.rows === 0)
          throw new PortraitError("TABLE_EMPTY", nothing, { recipe: name });
        mkdirSync(dirname(file), { recursive: true });
        const { partNames } = await import("../../../training/replay/part-names.ts");
        await exportDataset(replayed, file, options.parts ? partNames(replayed, recipe) : undefined);
        if (options.columns !== undefined) await writeFile(options.columns, columnsJson(replayed.data.columns));

        const columns = replayed.data.columns.length;
        if (options.json) {
          process.stdout.write(`${JSON.stringify({ recipe: name, file, columns, eventsPerSecond, ...about })}\n`);
          return;
        }
        console.log(
          table(
            ["", "rows", "positive", "columns", "entities", "too young", "from", "until"],
            [
              [
                name,
                count(about.rows),
                `${((100 * about.positives) / about.rows).toFixed(1)} %`,
                String(columns),
                count(about.entities),
                count(about.immature),
                dayOf(about.from),
                dayOf(about.until),
              ],
            ],
          ),
        );
        console.log(`\n${file}`);
        if (nothing !== undefined) console.log(paint("yellow", nothing));
        if (about.constant.length) console.log(paint("dim", `the same in every row: ${about.constant.join(", ")}`));
      } finally {
        await lake.close();
      }
    });
}

/** A column a line. */
const columnsJson = (columns: readonly Column[]): string =>
  `[\n${columns.map(({ name, type, ...more }) => JSON.stringify({ name, type, ...("categories" in more && { categories: more.categories }) })).join(",\n")}\n]\n`;
