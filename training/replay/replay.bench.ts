import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, benchLine } from "../../models/bench-line.ts";
import type { ReplayTold } from "./bench-replay-child.ts";
import { shapes } from "./bench-shapes.ts";

/**
 * From Parquet parts to typed columns, on one core, to which the process is bound where `taskset` is there: DuckDB's
 * thread, ours and those that collect garbage are counted together, in CPU seconds. Each replay has a process of its own,
 * as a training has: what it costs to become warm is counted.
 *
 * Three logs are made with a seed, in the order of their moments, in eight partitions as a worker writes them:
 * a shop of 20 events a customer over a year, with a row at spine moments (about one per ten events) by the default
 * catalogue; the same customers with orders only, and a row before each; and payments of the shape of the fraud
 * handbook's, 350 a customer and 175 a terminal, with a row before each from both (`training/datasets/fraud-handbook.ts`).
 * The fourth is the handbook's own, through the mappings of `portrait ingest`; it is left out where it is not among the
 * datasets. Each is read twice: as it was written, and compacted, as each worker leaves it within the hour. The goals are
 * for the latter: they come from a study of a lake that was sorted by entity. `--rows` says how many events each drawn
 * log has, `--only` a word of the names of those to be timed.
 */
const CHILD = fileURLToPath(new URL("./bench-replay-child.ts", import.meta.url));

export const bench: Bench = async ({ say, runs, options }) => {
  const lines = [];
  for (const { name, goal, events: usual, missing } of shapes) {
    if (options.only !== undefined && !name.includes(options.only)) continue;
    const absent = missing?.();
    if (absent !== undefined) {
      say(`${name}: skipped, there is no ${absent} (set PORTRAIT_DATASETS)`);
      continue;
    }
    const folder = mkdtempSync(join(tmpdir(), "portrait-replay-bench-"));
    try {
      const [written, compacted] = [join(folder, "written"), join(folder, "compacted")];
      await child(["fill", written, name, String(options.rows ?? usual ?? 0)]);
      cpSync(written, compacted, { recursive: true });
      await child(["compact", compacted, name]);
      const rates = { written: [] as number[], compacted: [] as number[] };
      for (let run = 0; run < runs; run++) {
        const told = JSON.parse(await child(["replay", compacted, name])) as ReplayTold;
        rates.compacted.push(told.events / told.cpuSeconds);
        const plain = JSON.parse(await child(["replay", written, name])) as ReplayTold;
        rates.written.push(plain.events / plain.cpuSeconds);
        if (run === 0)
          say(
            `${name}: ${told.events.toLocaleString("en")} events, ${told.rows.toLocaleString("en")} rows of ` +
              `${told.columns} columns`,
          );
      }
      lines.push(benchLine(`events/s of one core: ${name}`, rates.compacted, "higher", goal));
      lines.push(benchLine(`the same, not compacted yet: ${name}`, rates.written, "higher"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return lines;
};

/** A step in a process of its own; a replay on one core. */
async function child(args: readonly string[]): Promise<string> {
  const command = [process.execPath, "--import", "tsx", CHILD, ...args];
  const [program, ...rest] = args[0] === "replay" && hasTaskset() ? ["taskset", "-c", "1", ...command] : command;
  return (await promisify(execFile)(program, rest)).stdout;
}

const hasTaskset = () => availableParallelism() > 1 && spawnSync("taskset", ["-c", "1", "true"]).status === 0;
