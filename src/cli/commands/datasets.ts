import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { nearestNames } from "../../stores/disk/nearest-names.ts";
import { progressBar } from "../progress.ts";
import { table } from "../terminal.ts";

interface Flags {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const datasets = program
    .command("datasets")
    .description("Real tables: what is here, and what can be fetched from its publisher")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Tables are looked for in PORTRAIT_DATASETS (../shared/datasets). What is fetched is checked by its sha256.

Examples
  portrait datasets
  portrait datasets get telco-churn`,
    )
    .action(list);
  datasets
    .command("get <name>")
    .description("Fetch an openly licensed table from its publisher, checked by its sha256")
    .option("--json", "one JSON object on stdout")
    .action((name: string, flags: Flags) => get(name, flags));
}

async function list({ json }: Flags): Promise<void> {
  const { PUBLIC_TABLES } = await import("../../../training/datasets/public-tables.ts");
  const folder = loadConfig(process.env).datasets;
  const here = tablesIn(folder);
  const known = PUBLIC_TABLES.map(({ name, about, licence, file }) => {
    const path = join(folder, name, `${file}.gz`);
    return { name, about, licence, here: existsSync(path) ? path : null };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, here, known })}\n`);
    return;
  }
  const size = (bytes: number) => `${Math.ceil(bytes / 1024).toLocaleString("en-US")} kB`;
  const lines = [
    here.length ? `In ${folder}:` : `There is nothing in ${folder} (PORTRAIT_DATASETS says where to look).`,
    ...(here.length
      ? [
          table(
            ["table", "size"],
            here.map(({ path, bytes }) => [relative(folder, path), size(bytes)]),
          ),
        ]
      : []),
    "",
    "From their publishers, with `portrait datasets get <name>`:",
    table(
      ["name", "licence", "here", "about"],
      known.map((one) => [one.name, one.licence, one.here ? "yes" : "no", one.about]),
    ),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function tablesIn(folder: string): { readonly path: string; readonly bytes: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readdirSync(join(folder, entry.name)).map((file) => join(folder, entry.name, file)))
    .filter((path) => /\.(csv|data|tsv|txt)(\.gz)?$|\.parquet$/.test(path))
    .sort()
    .map((path) => ({ path, bytes: statSync(path).size }));
}

async function get(name: string, { json }: Flags): Promise<void> {
  const [{ PUBLIC_TABLES, trainOptions }, { fetchTable }] = await Promise.all([
    import("../../../training/datasets/public-tables.ts"),
    import("../../../training/datasets/fetch-table.ts"),
  ]);
  const known = PUBLIC_TABLES.find((one) => one.name === name);
  if (!known) {
    const names = PUBLIC_TABLES.map((one) => one.name);
    const near = nearestNames(name, names);
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a table that is known here, found ${name}. ${near.length ? `Did you mean ${near.join(", ")}?` : `There are ${names.join(", ")}.`}`,
      { name },
    );
  }
  const bar = progressBar(`Fetching ${name}`, { quiet: json });
  const path = await fetchTable(known, loadConfig(process.env).datasets, bar.update);
  bar.end();
  process.stdout.write(
    json
      ? `${JSON.stringify({ name, path, sha256: known.sha256, licence: known.licence })}\n`
      : `${path}\n${known.about}, ${known.licence}\nLearn from it: portrait train ${path} ${trainOptions(known)}\n`,
  );
}
