import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The version in the nearest package.json above this file, wherever it was built to; one that names no version, as in a
 * folder of built files, is passed over.
 *
 * @returns "unknown" when none names any
 */
export function codeVersion(from = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    const { version } = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }) : {};
    if (typeof version === "string" && version !== "") return version;
    if (folder === dirname(folder)) return "unknown";
  }
}
