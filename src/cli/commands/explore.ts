import type { Command } from "commander";
import { progressBar } from "../progress.ts";
import { addTableOptions, namesIn, type TableFlags, tableOptions } from "../table-options.ts";

interface Flags extends TableFlags {
  readonly label?: string;
  readonly positive?: string;
  readonly category?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("explore <table>")
    .description("See what is in a table (CSV, Parquet): types, missing values, ranges, what goes with the label")
    .option("--label <column>", "also say what goes with this column")
    .option("--positive <value>", "which of the label's two values counts")
    .option("--category <columns>", "columns of numbers that are codes, not amounts");
  addTableOptions(command)
    .option("--json", "one JSON object on stdout, no progress")
    .addHelpText(
      "after",
      `
"alone" is the AUC of the column by itself (0.5 says nothing, 1 gives the answer away), "corr." is Pearson's.

Examples
  portrait explore customers.csv
  portrait explore customers.csv --label churned --json`,
    )
    .action(async (path: string, flags: Flags) => {
      const { readTable } = await import("../../../training/tables/read-table.ts");
      const { exploreTable, exploredJson, renderExplored } = await import("../../../training/tables/explore-table.ts");
      const bar = progressBar("Reading", { quiet: flags.json });
      const read = await readTable(path, {
        ...tableOptions(flags),
        label: flags.label,
        positive: flags.positive,
        category: namesIn(flags.category),
        onProgress: bar.update,
      });
      bar.end(`${read.rows.toLocaleString("en-US")} rows`);
      const columns = exploreTable(read);
      process.stdout.write(
        flags.json ? `${JSON.stringify(exploredJson(read, columns))}\n` : `\n${renderExplored(read, columns)}\n`,
      );
    });
}
