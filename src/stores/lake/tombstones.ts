import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOBODY } from "../../erasure/redact-event.ts";
import { PortraitError } from "../../errors.ts";
import { type EntityRef, sameEntity } from "../../events/event.ts";
import type { Lake, LoggedEvent } from "../../events/event-log.ts";
import { type Reach, reaches } from "../../events/reach.ts";
import { syncFolder } from "./lake-writer.ts";

/** Beside the parts; readers of the lake do not look at names that begin with a dot. */
const FOLDER = ".erasing";

/** What is being erased: nothing of the entity up to here is read from the lake any more. Gone when no row is left. */
export interface Tombstone {
  readonly erasure: string;
  readonly entity: EntityRef;
  readonly until: Reach;
  /** How many states went when it was the erasure's turn. */
  readonly states: number;
}

const pathOf = (dir: string, erasure: string) => join(dir, FOLDER, `${encodeURIComponent(erasure)}.json`);

/** On disk when it returns. One of the same name is replaced. */
export function writeTombstone(dir: string, tombstone: Tombstone): void {
  mkdirSync(join(dir, FOLDER), { recursive: true });
  const path = pathOf(dir, tombstone.erasure);
  writeFileSync(`${path}.tmp`, JSON.stringify(tombstone), { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
  syncFolder(join(dir, FOLDER));
  syncFolder(dir);
}

export function listTombstones(dir: string): Tombstone[] {
  let names: string[];
  try {
    names = readdirSync(join(dir, FOLDER)).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const text = readOrGone(join(dir, FOLDER, name));
    return text === undefined ? [] : [JSON.parse(text) as Tombstone];
  });
}

/** Undefined when its erasure ended meanwhile. */
function readOrGone(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function removeTombstone(dir: string, erasure: string): void {
  rmSync(pathOf(dir, erasure), { force: true });
  syncFolder(join(dir, FOLDER));
}

/** Whether a row of the lake counts no more. */
export const isErased = ({ entity, until }: Tombstone, event: LoggedEvent): boolean =>
  sameEntity(event.entity, entity) && reaches(until, event.partition, event.position);

/** Says that a part is renamed now: readers that fail look for it. */
export function stir(dir: string): void {
  mkdirSync(join(dir, FOLDER), { recursive: true });
  const now = new Date();
  utimesSync(join(dir, FOLDER), now, now);
}

/** When a part was renamed, or a tombstone came or went, for the last time, ms. */
const stirred = (dir: string): number => statSync(join(dir, FOLDER), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** A failure so soon after a renaming is its. */
const SOON_MS = 2_000;

/** From now on: whether parts were written again, asked later. */
function watchErasures(dir: string): () => boolean {
  const before = stirred(dir);
  return () => stirred(dir) !== before || Date.now() - stirred(dir) < SOON_MS;
}

const TRIES = 5;

/**
 * A reading of parts, made again when it fails while an erasure writes parts again: a query that opens a file once more
 * at the moment at which it is renamed reads neither the old nor the new one.
 *
 * @throws PortraitError TOO_BUSY when it fails again and again; what `read` throws when nobody is being erased
 */
export async function readAgain<Found>(dir: string, read: () => Promise<Found>): Promise<Found> {
  for (let attempt = 1; ; attempt++) {
    const erasing = watchErasures(dir);
    try {
      return await read();
    } catch (error) {
      if (!erasing()) throw error;
      if (attempt === TRIES) throw beingErased(error);
    }
  }
}

const beingErased = (cause: unknown) =>
  new PortraitError(
    "TOO_BUSY",
    "Parts of the lake were written again while they were read, because somebody is being erased. Ask again.",
    {},
    cause,
  );

/**
 * The lake as readers may see it: without what is being erased, and without rows that happened to nobody. A reading that
 * fails because of an erasure is made again, unless it has given something on already: then it is refused with TOO_BUSY.
 */
export function withoutErased<L extends Lake>(dir: string, lake: L): L {
  async function* readByEntity(query: Parameters<Lake["readByEntity"]>[0]) {
    for (let attempt = 1; ; attempt++) {
      const erasing = watchErasures(dir);
      const tombstones = listTombstones(dir); // before the parts: one that goes meanwhile has left no row
      let begun = false;
      try {
        for await (const batch of lake.readByEntity(query)) {
          begun = true;
          const seen = query.kind === undefined ? batch.filter(({ entity }) => entity.kind !== NOBODY) : batch;
          yield tombstones.length === 0
            ? seen
            : seen.filter((event) => !tombstones.some((one) => isErased(one, event)));
        }
        return;
      } catch (error) {
        if (!erasing()) throw error;
        if (begun || attempt === TRIES) throw beingErased(error);
      }
    }
  }
  return {
    ...lake,
    readByEntity,
    async extent() {
      const erasing = listTombstones(dir).length > 0;
      const extent = await readAgain(dir, lake.extent);
      return erasing ? { ...extent, erasing } : extent;
    },
    summary: () => readAgain(dir, lake.summary),
  };
}
