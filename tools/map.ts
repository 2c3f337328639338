import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Who imports whom, and whether the arrows run the way they should.
 *
 * Rooms: data, models and client import nobody; src imports models; training imports src and models; test imports all.
 * Stations inside src, in the order of the road: each may import those before it. The rim (stores, http, cli,
 * compose.ts) may import every station and no station imports the rim. Only src/cli opens training, and only by
 * dynamic import (or for its types), so that the API process carries no trainer.
 */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const ROAD = ["events", "features", "portraits", "segments", "scoring", "feedback", "retraining"];
const RIM = ["stores", "audit", "erasure", "http", "console", "cli", "compose.ts"];
/** Files at the foot of src that everybody may use. */
const GROUND = ["errors.ts", "config.ts", "log.ts"];

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Opened only when it is called (`import()`), or erased before it runs (`import type`). */
  readonly late: boolean;
}

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return ["node_modules", "var", "kernels", "fixtures"].includes(entry.name) ? [] : files(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** Every import of one file of ours by another. */
export function arrows(): Arrow[] {
  const found: Arrow[] = [];
  for (const from of ["client", "data", "models", "src", "training"].flatMap(files)) {
    const text = readFileSync(join(ROOT, from), "utf8");
    const imports = /\bimport\s*\(\s*"(\.[^"]+)"|\b(?:im|ex)port\b(?:[^"'`;()]*\bfrom)?\s*"(\.[^"]+)"/g;
    for (const [statement, opened, named] of text.matchAll(imports)) {
      const to = relative(ROOT, resolve(dirname(join(ROOT, from)), opened ?? named));
      found.push({ from, to, late: opened !== undefined || /^import\s+type\b/.test(statement) });
    }
  }
  return found;
}

const roomOf = (file: string) => file.split("/")[0];
const stationOf = (file: string) => file.split("/")[1];

/** Why an arrow may not be, or undefined when it may. */
export function objection({ from, to, late }: Arrow): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (a !== b) {
    const allowed = (a === "src" && b === "models") || (a === "training" && (b === "src" || b === "models"));
    const door = from.startsWith("src/cli/") && late && (b === "training" || b === "data");
    return allowed || door ? undefined : `${a} may not import ${b}`;
  }
  if (a !== "src") return undefined;
  const [x, y] = [stationOf(from), stationOf(to)];
  if (x === y || GROUND.includes(y) || RIM.includes(x)) return undefined;
  if (RIM.includes(y)) return `the station ${x} may not import the rim (${y})`;
  if (ROAD.indexOf(y) > ROAD.indexOf(x)) return `${x} stands before ${y} on the road`;
  if (!ROAD.includes(y) && !GROUND.includes(y)) return `${y} is no station`;
  return undefined;
}

/** "src/scoring → src/features (4)" for each pair of places. */
export function map(list: readonly Arrow[] = arrows()): string {
  const place = (file: string) =>
    roomOf(file) === "src" ? `src/${stationOf(file)}` : file.split("/").slice(0, -1).slice(0, 2).join("/");
  const counts = new Map<string, number>();
  for (const { from, to } of list) {
    const [a, b] = [place(from), place(to)];
    if (a !== b) counts.set(`${a} → ${b}`, (counts.get(`${a} → ${b}`) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([pair, count]) => `${pair} (${count})`)
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = arrows();
  console.log(map(list));
  const wrong = list.flatMap((arrow) => {
    const why = objection(arrow);
    return why ? [`${arrow.from} → ${arrow.to}: ${why}`] : [];
  });
  if (wrong.length) {
    console.error(`\n${wrong.length} arrows run the wrong way:\n${wrong.join("\n")}`);
    process.exitCode = 1;
  }
}
