import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { PortraitError } from "../../errors.ts";
import { type Position, parsePosition } from "../../events/position.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY, parseEntry } from "../entry-id.ts";
import { sqlList } from "./duckdb.ts";
import { type Carried, parseCarried } from "./typed-columns.ts";

/** Raised whenever an older reader could misread a newer part. */
export const PART_FORMAT = "1";

/** A Parquet file of the lake, found by its name alone. */
export interface PartFile {
  readonly partition: number;
  /** The first log entry that it covers: its name, and its claim. */
  readonly first: EntryId;
  /** Of a part that compaction made of others: the last entry that it covers, also in its name. */
  readonly mergedTo?: EntryId;
  readonly file: string;
}

/** A part and what its footer says. Parts are immutable, so this may be remembered. */
export interface Part extends PartFile {
  /** The last entry of the part before it, "0-0" for the first. */
  readonly after: EntryId;
  /** The last position that it covers. */
  readonly last: Position;
  /**
   * Of a part that compaction made: what its events carry. It has columns for it, and `run`. Absent in those of old.
   */
  readonly carried?: Carried;
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
  join(dayFolder(dir, partition, first), `${entryText(first)}.parquet`);

export const dayFolder = (dir: string, partition: number, { ms }: Pick<EntryId, "ms">): string =>
  join(dir, `p${partition}`, new Date(ms).toISOString().slice(0, 10));

/** Where a part lies that compaction made of several: `<first>_<last entry>.parquet` beside them. */
export const mergedPath = (dir: string, partition: number, first: EntryId, last: EntryId): string =>
  partPath(dir, partition, first).replace(/\.parquet$/, `_${entryText(last)}.parquet`);

/** What a file name says, or undefined when it is no part's. */
function parseName(name: string): Pick<PartFile, "first" | "mergedTo"> | undefined {
  const [from, to, ...more] = name.endsWith(".parquet") ? name.slice(0, -".parquet".length).split("_") : [];
  const first = parseEntry(from ?? "");
  const mergedTo = to === undefined ? undefined : parseEntry(to);
  if (!first || more.length > 0 || (to !== undefined && !mergedTo)) return undefined;
  return { first, ...(mergedTo && { mergedTo }) };
}

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
 * Every part file by partition and position, without opening one. Of parts with one beginning the longest comes first.
 *
 * @param only this partition
 * @throws PortraitError LAKE_BROKEN naming a file or folder that does not belong there.
 */
export function listParts(dir: string, only?: number): PartFile[] {
  const found: PartFile[] = [];
  for (const folder of names(dir)) {
    const match = /^p(\d{1,4})$/.exec(folder);
    if (!match) throw broken(join(dir, folder), "wanted folders p0, p1, …");
    const partition = Number(match[1]);
    if (only !== undefined && partition !== only) continue;
    for (const day of names(join(dir, folder))) {
      if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw broken(join(dir, folder, day), "wanted folders of days, 2026-01-31");
      for (const name of names(join(dir, folder, day))) {
        const file = join(dir, folder, day, name);
        const said = parseName(name);
        if (!said) throw broken(file, "wanted a name such as 1700000000000-0.parquet");
        found.push({ partition, ...said, file });
      }
    }
  }
  return found.sort((a, b) => a.partition - b.partition || compareEntries(a.first, b.first));
}

/**
 * The parts as they stood at some moment of the call.
 *
 * One reading of a folder may show a part that was claimed while it was read, and not the one that was claimed a
 * moment before it. But whatever came before a part of the first reading is there when the second one begins. So of
 * the second one counts what goes no further than the first.
 */
export function listWhole(dir: string, only?: number): PartFile[] {
  const newest = new Map<number, EntryId>();
  for (const { partition, first } of listParts(dir, only)) newest.set(partition, first);
  return listParts(dir, only).filter(({ partition, first }) => {
    const end = newest.get(partition);
    return end !== undefined && compareEntries(first, end) <= 0;
  });
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
    const ends = !part.mergedTo || (last && compareEntries(part.mergedTo, last) === 0);
    if (!after || !last || !ends || first !== entryText(part.first))
      throw broken(part.file, "its footer and name disagree");
    return { ...part, after, last, ...carriedIn(part.file, facts?.get("portrait.properties")) };
  });
}

function carriedIn(file: string, text: string | undefined): Pick<Part, "carried"> {
  try {
    return text === undefined ? {} : { carried: parseCarried(text) };
  } catch (error) {
    throw broken(file, "its footer does not say which columns it has", error);
  }
}

/**
 * The chain of each partition: from its end back to its beginning, each part names its predecessor. Where compaction
 * has merged parts, the merged one stands in for them, and those that are still there are left out.
 *
 * A missing part is a hole in the truth, so it is refused rather than skipped.
 *
 * @param parts by partition and position
 * @throws PortraitError LAKE_BROKEN naming the part after the hole, or one that overlaps others.
 */
export function resolveChain(parts: readonly Part[]): Part[] {
  const chain: Part[] = [];
  const byPartition = new Map<number, Part[]>();
  for (const part of parts) {
    const some = byPartition.get(part.partition);
    if (some) some.push(part);
    else byPartition.set(part.partition, [part]);
  }
  for (const some of byPartition.values()) {
    const found = chainOf(some);
    checkCovered(some, found);
    for (const part of found) chain.push(part);
  }
  return chain;
}

function chainOf(parts: readonly Part[]): Part[] {
  const byEnd = new Map<string, Part>();
  let newest = parts[0];
  for (const part of parts) {
    const end = entryText(part.last);
    const other = byEnd.get(end);
    if (!other || compareEntries(part.first, other.first) < 0) byEnd.set(end, part); // the longest that ends here
    if (compareEntries(part.last, newest.last) > 0) newest = part;
  }
  const chain: Part[] = [];
  for (let end = entryText(newest.last); end !== entryText(NO_ENTRY); ) {
    const part = byEnd.get(end);
    const after = chain.at(-1);
    if (!part) throw hole(after ?? newest, parts);
    chain.push(part);
    end = entryText(part.after);
  }
  return chain.reverse();
}

/** What is not in the chain must be covered by it whole. */
function checkCovered(parts: readonly Part[], chain: readonly Part[]): void {
  const inChain = new Set(chain);
  for (const part of parts) {
    if (inChain.has(part) || coverOf(part, chain)) continue;
    throw broken(part.file, "it overlaps other parts without being one of those that were merged");
  }
}

/** The part of a chain that stands in for this one. */
export const coverOf = (part: Part, chain: readonly Part[]): Part | undefined =>
  chain.find(
    (one) =>
      one !== part &&
      one.partition === part.partition &&
      compareEntries(one.first, part.first) <= 0 &&
      compareEntries(part.last, one.last) <= 0,
  );

function hole(part: Part, parts: readonly Part[]): PortraitError {
  const before = parts.filter(({ last }) => compareEntries(last, part.first) < 0).at(-1);
  return new PortraitError(
    "LAKE_BROKEN",
    `The lake has a hole in partition ${part.partition}: ${part.file} follows ${entryText(part.after)}, ` +
      `but the part before it ends at ${entryText(before?.last ?? NO_ENTRY)}. Restore the missing part from a copy.`,
    { file: part.file, partition: part.partition },
  );
}

/** Remembers footers by file, since what they say never changes; no longer than the file is there. */
export type PartCache = Map<string, Part>;

function forgetGone(cache: PartCache, files: readonly PartFile[], only: number | undefined): void {
  const there = new Set(files.map(({ file }) => file));
  for (const { file, partition } of cache.values())
    if ((only === undefined || partition === only) && !there.has(file)) cache.delete(file);
}

const TRIES = 5;

/**
 * The whole chain of parts, checked. A reading that raced with compaction, which takes merged parts away, is made
 * once more.
 *
 * @param only this partition
 */
export async function readChain(
  connection: DuckDBConnection,
  dir: string,
  cache: PartCache,
  only?: number,
): Promise<Part[]> {
  for (let attempt = 1; ; attempt++) {
    const files = listWhole(dir, only);
    try {
      // several readings share the cache: what one forgets another may still want, so this one keeps its own
      const parts = new Map(files.map(({ file }) => [file, cache.get(file)]));
      const unread = files.filter(({ file }) => !parts.get(file));
      for (const part of await readFooters(connection, unread)) {
        parts.set(part.file, part);
        cache.set(part.file, part);
      }
      const chain = resolveChain([...parts.values()].filter((part) => part !== undefined));
      forgetGone(cache, files, only);
      return chain;
    } catch (error) {
      const gone = files.some(({ file }) => !existsSync(file));
      if (!gone || attempt === TRIES) throw error;
    }
  }
}

/** The last position of each partition that has parts. */
export function chainEnds(parts: readonly Part[]): Map<number, Position> {
  const ends = new Map<number, Position>();
  for (const { partition, last } of parts) ends.set(partition, last);
  return ends;
}
