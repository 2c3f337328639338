import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(process.env.PORTRAIT_DATASETS ?? "../shared/datasets");

/** The path of a real data file, or undefined when the folder is not on this machine. */
export function dataset(...path: string[]): string | undefined {
  const file = join(folder, ...path);
  return existsSync(file) ? file : undefined;
}

/** For `test.skipIf(datasetsAbsent)(…)`. */
export const datasetsAbsent = !existsSync(folder);
if (datasetsAbsent) console.log(`real data skipped: no folder at ${folder} (set PORTRAIT_DATASETS)`);
