import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files of stored models in which an id stands as a text of JSON, by their path below the folder. */
export function artifactsNaming(folder: string, id: string): string[] {
  if (!existsSync(folder)) return [];
  const wanted = Buffer.from(JSON.stringify(id));
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .filter((name) => readFileSync(join(folder, name)).includes(wanted))
    .sort();
}
