import type { Config } from "../config.ts";
import { createDiskKeys } from "../stores/disk/keys.ts";

/** A key that may do everything, made when there is no other way in; undefined when there is one. */
export function firstKey({ http, paths }: Pick<Config, "http" | "paths">): string | undefined {
  if (http.open || http.apiKey !== undefined) return undefined;
  const keys = createDiskKeys(paths.keys);
  if (keys.list().some(({ revokedAt }) => revokedAt === undefined)) return undefined;
  return keys.create("first key, made by portrait up", ["admin"]).key;
}
