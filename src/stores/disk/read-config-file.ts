import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, resolve } from "node:path";
import { PortraitError } from "../../errors.ts";

/** Read when no other file is named and one of these is there, the plainest last. */
export const CONFIG_FILES = [
  "portrait.config.ts",
  "portrait.config.mts",
  "portrait.config.mjs",
  "portrait.config.js",
  "portrait.config.json",
] as const;

export interface ConfigFile {
  readonly path: string;
  readonly content: unknown;
}

const TYPESCRIPT = new Set([".ts", ".mts", ".cts"]);

/**
 * The user's declarations as they stand in the file, unchecked: JSON, or the default export of a module.
 *
 * A module is run, so it may build its lists; it is read once a process. TypeScript is left to Node itself (22.18 and
 * newer strip types), and before that to tsx where the file's project has it: no compiler comes with the product.
 *
 * @param file as configured; undefined = the one of CONFIG_FILES in the folder, if any
 * @returns undefined when no file is named and none is there
 * @throws PortraitError FILE_UNREADABLE when the file cannot be read or run, CONFIG_INVALID when several are there
 */
export function readConfigFile(file: string | undefined, folder: string): ConfigFile | undefined {
  const path = file === undefined ? findConfigFile(folder) : resolve(folder, file);
  if (path === undefined) return undefined;
  try {
    return { path, content: extname(path) === ".json" ? readJson(path) : runModule(path) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PortraitError(
      "FILE_UNREADABLE",
      `Wanted the declarations in ${path}: ${why}${hint(path, error)}`,
      { path },
      error,
    );
  }
}

function findConfigFile(folder: string): string | undefined {
  const found = CONFIG_FILES.map((name) => resolve(folder, name)).filter((path) => existsSync(path));
  if (found.length > 1)
    throw new PortraitError(
      "CONFIG_INVALID",
      `Wanted one file of declarations, found ${found.join(" and ")}. Keep one, or name it in PORTRAIT_CONFIG.`,
      { found },
    );
  return found[0];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

function runModule(path: string): unknown {
  const tsx = TYPESCRIPT.has(extname(path)) && !Reflect.get(process.features, "typescript") ? tsxNear(path) : undefined;
  // modules can be required since Node 20.19, as long as they do not wait at their top
  const loaded: unknown = tsx ? tsx.require(path, path) : createRequire(import.meta.url)(path);
  const isModule = typeof loaded === "object" && loaded !== null && "default" in loaded;
  return isModule ? loaded.default : loaded;
}

/** The part of tsx/cjs/api that is called. */
interface Tsx {
  require(id: string, from: string): unknown;
}

function tsxNear(path: string): Tsx | undefined {
  for (const from of [path, import.meta.url])
    try {
      return createRequire(from)("tsx/cjs/api") as Tsx;
    } catch {
      // not installed there
    }
  return undefined;
}

function hint(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "MODULE_NOT_FOUND") return "";
  if (extname(path) === ".json") return '. Wanted one JSON object { "features": […], "recipes": […], … }.';
  if (code === "ERR_REQUIRE_ASYNC_MODULE") return ". It may not await at its top.";
  if (TYPESCRIPT.has(extname(path)))
    return ". Node reads TypeScript from 22.18 on; with an older one install tsx beside it, or write portrait.config.mjs.";
  return ". Wanted a module whose default export is { features: […], recipes: […], … }.";
}
