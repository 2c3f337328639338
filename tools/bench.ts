import { readdirSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Bench, BenchLine } from "../models/bench-line.ts";

/**
 * Runs a bench: `npm run bench -- train [--runs 5] [--rows 20000,200000] [--columns 35] …`. Without a name it lists them.
 *
 * It installs nothing: a peer that is not on the machine is named and left out. The last line is one JSON object
 * with every number, its goal, its runs and the machine's load. It exits 0 whatever it finds: it reports, the reader judges.
 */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Every `<name>.bench.ts` of the rooms, by name. */
export function findBenches(): Map<string, string> {
  const found = new Map<string, string>();
  const look = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !["node_modules", "var", "dist"].includes(entry.name)) look(path);
      else if (entry.name.endsWith(".bench.ts")) found.set(basename(entry.name, ".bench.ts"), path);
    }
  };
  for (const room of ["models", "src", "training", "test"]) look(join(ROOT, room));
  return found;
}

export interface JudgedLine extends BenchLine {
  /** Whether the goal is met; absent without a goal. */
  readonly ok?: boolean;
}

export function judge(line: BenchLine): JudgedLine {
  if (line.goal === undefined) return line;
  return { ...line, ok: line.better === "lower" ? line.value <= line.goal : line.value >= line.goal };
}

const short = (value: number) => String(Number(value.toPrecision(3)));

/** The lines as a table for a terminal. */
export function tableOf(lines: readonly JudgedLine[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  return lines
    .map(({ name, value, goal, better, runs, ok }) => {
      const mark = ok === undefined ? " " : ok ? "✓" : "✗";
      const wanted = goal === undefined ? "" : ` goal ${better === "lower" ? "≤" : "≥"} ${short(goal)}`;
      return `${mark} ${name.padEnd(width)}  ${short(value).padStart(9)}${wanted.padEnd(15)}  ${runs.map(short).join(" ")}`;
    })
    .join("\n");
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    strict: false,
    options: {
      runs: { type: "string", default: "5" },
      rows: { type: "string" },
      sizes: { type: "string" },
      columns: { type: "string" },
      rounds: { type: "string" },
      threads: { type: "string" },
      seconds: { type: "string" },
      rate: { type: "string" },
      only: { type: "string" },
    },
  });
  const benches = findBenches();
  const [name] = positionals;
  const file = benches.get(name);
  if (!file) {
    if (name) console.log(`There is no bench "${name}".`);
    console.log(`Benches: ${[...benches.keys()].sort().join(", ")}`);
    console.log(JSON.stringify({ bench: name ?? null, lines: [], known: [...benches.keys()].sort() }));
    return;
  }
  const options = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
  const before = loadavg()[0];
  // A bench may also be a script that says all this itself, last line included, as it is imported.
  const { bench } = (await import(pathToFileURL(file).href)) as { bench?: Bench };
  if (!bench) return;
  const lines = (
    await bench({ say: (line) => console.log(line), runs: Math.max(1, Number(options.runs)), options })
  ).map(judge);
  const load = Math.max(before, loadavg()[0]);
  console.log(`\n${tableOf(lines)}\n`);
  const machine = { cores: availableParallelism(), load: Number(load.toFixed(1)), node: process.version };
  if (load > machine.cores)
    console.log(
      `The machine was busy (load ${machine.load} on ${machine.cores} cores): times are noisy, ratios less so.\n`,
    );
  console.log(JSON.stringify({ bench: name, lines, machine }));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main().catch((error: unknown) => {
    console.error(error);
    console.log(JSON.stringify({ bench: process.argv[2] ?? null, lines: [], error: String(error) }));
  });
