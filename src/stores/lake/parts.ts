import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { PortraitError } from "../../errors.ts";
import { type Position, parsePosition } from "../../events/position.ts";
import { compareEntries, type EntryId, entryText, parseEntry } from "../entry-id.ts";
import { sqlList } from "./duckdb.ts";

/** Raised whenever an older reader could misread a newer part. */
export const PART_FORMAT = "1";

/** A Parquet file of the lake, found by its name alone. */
export interface PartFile {
  readonly partition: number;
  /** The first log entry that it covers: its name, and its claim. */
  readonly first: EntryId;
  readonly file: string;
}

/** A part and what its footer says. Parts are immutable, so this may be remembered. */
export interface Part extends PartFile {
  /** The last entry of the part before it, "0-0" for the first. */
  readonly after: EntryId;
  /** The last position that it covers. */
  readonly last: Position;
}

const broken = (file: string, why: string, cause?: unknown) =>
  new PortraitError(
    "LAKE_BROKEN",
    `The lake holds a file that is no part of it: ${file}: ${why}. ` +
      "Move it out of the folder, or restore the folder from a copy; nothing was read past it.",
    { file },
    cause,
  );

/**
 * Where a part lies: `p<partition>/<UTC day of its first entry>/<first>.parquet`.
 * The day only keeps folders small; the order comes from the names.
 */
export const partPath = (dir: string, partition: number, first: EntryId): string =>
  join(dir, `p${partition}`, new Date(first.ms).toISOString().slice(0, 10), `${entryText(first)}.parquet`);

/** Names in a folder that count: `.tmp` files are parts in the making, dot files are not ours. */
const names = (dir: string): string[] => {
  try {
    return readdirSync(dir).filter((name) => !name.startsWith(".") && !name.endsWith(".tmp"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") throw broken(dir, "wanted a folder", error);
    throw error;
  }
};

/**
 * Every part file by partition and position, without opening one.
 *
 * Later days are listed before earlier ones: a part that is claimed meanwhile may be missed at the end of the
 * chain, which is a moment ago, but never in its middle.
 *
 * @throws PortraitError LAKE_BROKEN naming a file or folder that does not belong there.
 */
export function listParts(dir: string): PartFile[] {
  const found: PartFile[] = [];
  for (const folder of names(dir)) {
    const partition = /^p(\d{1,4})$/.exec(folder);
    if (!partition) throw broken(join(dir, folder), "wanted folders p0, p1, …");
    for (const day of names(join(dir, folder)).sort().reverse()) {
      if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw broken(join(dir, folder, day), "wanted folders of days, 2026-01-31");
      for (const name of names(join(dir, folder, day))) {
        const file = join(dir, folder, day, name);
        const first = name.endsWith(".parquet") ? parseEntry(name.slice(0, -".parquet".length)) : undefined;
        if (!first) throw broken(file, "wanted a name such as 1700000000000-0.parquet");
        found.push({ partition: Number(partition[1]), first, file });
      }
    }
  }
  return found.sort((a, b) => a.partition - b.partition || compareEntries(a.first, b.first));
}

/** Reads the footers of parts. @throws PortraitError LAKE_BROKEN naming the first file that is none of ours. */
export async function readFooters(connection: DuckDBConnection, files: readonly PartFile[]): Promise<Part[]> {
  if (files.length === 0) return [];
  const said = new Map<string, Map<string, string>>();
  try {
    const list = sqlList(files.map(({ file }) => file));
    const rows = await connection.run(
      `SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata(${list}) WHERE decode(key) LIKE 'portrait.%'`,
    );
    for (const [file, key, value] of await rows.getRows()) {
      const facts = said.get(String(file)) ?? new Map<string, string>();
      said.set(String(file), facts.set(String(key), String(value)));
    }
  } catch (error) {
    if (files.length === 1) throw broken(files[0].file, "it is no whole Parquet file (half-written?)", error);
    const middle = files.length >> 1; // one of them is damaged: halve until it can be named
    return [
      ...(await readFooters(connection, files.slice(0, middle))),
      ...(await readFooters(connection, files.slice(middle))),
    ];
  }
  return files.map((part) => {
    const facts = said.get(part.file);
    const format = facts?.get("portrait.format");
    if (format !== PART_FORMAT) throw broken(part.file, `wanted part format ${PART_FORMAT}, found ${format ?? "none"}`);
    const after = parseEntry(facts?.get("portrait.after") ?? "");
    const last = parsePosition(facts?.get("portrait.last") ?? "");
    const first = facts?.get("portrait.first");
    if (!after || !last || first !== entryText(part.first)) throw broken(part.file, "its footer and name disagree");
    return { ...part, after, last };
  });
}

/**
 * Each part must name its predecessor: a missing part is a hole in the truth, so it is refused rather than skipped.
 *
 * @throws PortraitError LAKE_BROKEN naming the part after the hole.
 */
export function checkChain(parts: readonly Part[]): void {
  let before: Part | undefined;
  for (const part of parts) {
    const end: EntryId = before?.partition === part.partition ? before.last : { ms: 0, seq: 0 };
    if (compareEntries(part.after, end) !== 0) {
      throw new PortraitError(
        "LAKE_BROKEN",
        `The lake has a hole in partition ${part.partition}: ${part.file} follows ${entryText(part.after)}, ` +
          `but the part before it ends at ${entryText(end)}. Restore the missing part from a copy.`,
        { file: part.file, partition: part.partition },
      );
    }
    before = part;
  }
}

/** Remembers footers, since parts never change. */
export type PartCache = Map<string, Part>;

/** The whole chain of parts, checked. A listing that raced with a claim is made once more. */
export async function readChain(connection: DuckDBConnection, dir: string, cache: PartCache): Promise<Part[]> {
  for (let attempt = 1; ; attempt++) {
    const files = listParts(dir);
    for (const part of await readFooters(
      connection,
      files.filter(({ file }) => !cache.has(file)),
    ))
      cache.set(part.file, part);
    const parts = files.map(({ file }) => cache.get(file)).filter((part) => part !== undefined);
    try {
      checkChain(parts);
      return parts;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** The last position of each partition that has parts. */
export function chainEnds(parts: readonly Part[]): Map<number, Position> {
  const ends = new Map<number, Position>();
  for (const { partition, last } of parts) ends.set(partition, last);
  return ends;
}
