import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PortraitError } from "../errors.ts";
import { type Mapping, readMapping } from "../events/mapping.ts";

/** A mapping by its path, or a ready one of `data/samples/mappings` by its bare name. @throws MAPPING_INVALID, FILE_UNREADABLE */
export function readMappingFile(given: string): Mapping {
  const path = existsSync(given) ? given : (readyMapping(given) ?? given);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted a mapping at ${resolve(given)}: ${(error as Error).message}. Give a JSON file, or one of cdnow, cdnow-sample, online-retail, fraud-handbook, fraud-handbook-reports.`,
      { path: resolve(given) },
      error,
    );
  }
  return readMapping(text, path);
}

function readyMapping(name: string): string | undefined {
  if (!/^[a-z0-9-]+$/.test(name)) return undefined;
  const here = dirname(fileURLToPath(import.meta.url)); // src/cli, or dist/src/cli
  return [join(here, "../.."), join(here, "../../..")]
    .map((root) => join(root, "data/samples/mappings", `${name}.json`))
    .find((path) => existsSync(path));
}
