import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LoggedText } from "../../events/logged-text.ts";
import type { Position } from "../../events/position.ts";
import { compareEntries, type EntryId, entryText, NO_ENTRY } from "../entry-id.ts";
import { Fenced } from "../fenced.ts";
import { openDuckDB, sqlList, sqlText } from "./duckdb.ts";
import { fillTable, selectRows } from "./fill-table.ts";
import { footerOf } from "./part-footer.ts";
import { chainEnds, listWhole, type PartCache, partPath, readChain, readFooters } from "./parts.ts";
import { readAgain } from "./tombstones.ts";

/** Rows that may be made while they are read, each time anew. */
export interface Rows extends Iterable<LoggedText> {
  readonly length: number;
}

/** A stretch of one partition's log, ready to become a part. */
export interface Stretch {
  readonly partition: number;
  /** Where the lake ends now. */
  readonly after: EntryId;
  readonly first: EntryId;
  readonly last: Position;
  /** The accepted events of the stretch, in log order; duplicates are not among them. */
  readonly rows: Rows;
}

export interface LakeWriter {
  /** The last position of each partition, read from the folder, its chain checked. @throws LAKE_BROKEN */
  ends(): Promise<Map<number, Position>>;
  /** Writes one part: whole, on disk and claimed when it returns. @throws Fenced when its place is taken. */
  write(stretch: Stretch): Promise<void>;
  /** Which of these events of one partition the parts hold already, as indices into `events`. Cost: reads the id column. */
  find(partition: number, events: readonly LoggedText[]): Promise<Set<number>>;
  close(): void;
}

export interface LakeWriterOptions {
  readonly dir: string;
  readonly tempDir?: string;
  /** Footers read before, by an earlier writer of this process; parts never change. */
  readonly footers?: PartCache;
  /** Called before and after the claim, so that tests can end the process there. */
  readonly fault?: (point: "before-claim" | "after-claim") => Promise<void> | void;
  /** Takes the claim out, or the look at the end of the lake before it, so that the soak can show what they are for. */
  readonly withoutClaim?: boolean;
  readonly withoutFollow?: boolean;
  /** Takes parts as they lie, whatever each names as the one before it: a missing one is not missed. */
  readonly withoutPredecessor?: boolean;
}

/** The writing side of the lake. One worker uses it; a second one that tries is refused part by part. */
export async function createLakeWriter({
  dir,
  tempDir,
  footers: cache = new Map(),
  fault,
  withoutClaim = false,
  withoutFollow = withoutClaim,
  withoutPredecessor = false,
}: LakeWriterOptions): Promise<LakeWriter> {
  mkdirSync(dir, { recursive: true });
  const db = await openDuckDB({ tempDir: tempDir ?? join(dirname(dir), "tmp"), memoryMb: 512, threads: 1 });
  const connection = await db.connect();
  const looking = await db.connect(); // a look-up must not wait for, nor disturb, a part being written

  const chainOf = async (only?: number) =>
    withoutPredecessor ? readFooters(looking, listWhole(dir, only)) : readChain(looking, dir, cache, only);

  /**
   * The name of a part is free again once compaction has merged it into a larger one, and a part that does not follow
   * the end would be a hole. The claim is what decides between rivals; this is for those who slept.
   */
  async function mustFollow(partition: number, after: EntryId): Promise<void> {
    const end = (await chainOf(partition)).at(-1)?.last ?? NO_ENTRY;
    if (compareEntries(end, after) !== 0)
      throw new Fenced(`partition ${partition} of the lake ends at ${entryText(end)}, not at ${entryText(after)}`);
  }

  return {
    ends: async () => chainEnds(await chainOf()),

    async write({ partition, after, first, last, rows }) {
      const path = partPath(dir, partition, first);
      const folder = dirname(path);
      if (mkdirSync(folder, { recursive: true })) for (const up of [dirname(folder), dir]) syncFolder(up);
      const temporary = join(folder, `${entryText(first)}.${randomUUID()}.tmp`); // its own: rivals never touch it
      try {
        await fillTable(connection, "part", rows);
        await connection.run(
          `COPY (${selectRows("part")}) TO ${sqlText(temporary)} ` +
            `(FORMAT parquet, COMPRESSION zstd, ${footerOf({ first, last, after })})`,
        );
        await sync(temporary, "r+");
        await fault?.("before-claim");
        if (!withoutFollow) await mustFollow(partition, after);
        if (withoutClaim) renameSync(temporary, path);
        else claim(temporary, path);
        await sync(folder, "r");
        await fault?.("after-claim");
      } finally {
        rmSync(temporary, { force: true });
      }
    },

    async find(partition, events) {
      if (events.length === 0) return new Set();
      const files = await chainOf(partition);
      if (files.length === 0) return new Set();
      const ids = [...new Set(events.map(({ id }) => id))];
      const rows = await readAgain(dir, () =>
        looking.run(
          `SELECT kind, entity, id FROM read_parquet(${sqlList(files.map(({ file }) => file))}) ` +
            `WHERE id IN (${ids.map(sqlText).join(",")})`,
        ),
      );
      const held = new Set((await rows.getRows()).map((row) => row.join("\u0000")));
      const found = new Set<number>();
      events.forEach(({ entity, id }, i) => {
        if (held.has([entity.kind, entity.id, id].join("\u0000"))) found.add(i);
      });
      return found;
    },

    close() {
      looking.closeSync();
      connection.closeSync();
      db.closeSync();
    },
  };
}

/** link(2) fails when the name exists, which makes the claim atomic where rename(2) would overwrite. */
function claim(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new Fenced(`the part ${path} is there already`);
    throw error;
  }
}

/** Without holding up what else the thread does. */
async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export function syncFile(path: string): void {
  const file = openSync(path, "r+");
  fsyncSync(file);
  closeSync(file);
}

export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
