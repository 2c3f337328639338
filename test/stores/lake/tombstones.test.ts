import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Lake, LoggedEvent } from "../../../src/events/event-log.ts";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { ownName } from "../../../src/stores/disk/process-name.ts";
import { compactLake } from "../../../src/stores/lake/compact-lake.ts";
import { eraseRows } from "../../../src/stores/lake/erase-rows.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { removeTombstone, type Tombstone, withoutErased, writeTombstone } from "../../../src/stores/lake/tombstones.ts";
import { allOf, NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { payingReducers } from "../../support/touches.ts";

const tombstone = (user: string, ms = 99): Tombstone => ({
  erasure: `of ${user}`,
  entity: { kind: "user", id: user },
  until: [{ partition: 0, position: { ms, seq: 0, index: 0 } }],
  states: 1,
});
const row = (ms: number, user: string) =>
  new LoggedText(0, { ms, seq: 0, index: 0 }, `m${ms}`, "E", { kind: "user", id: user }, NOON, NOON, "{}");

/** Parts of one row each: of a, b, a, b … */
async function fill(dir: string, parts: number) {
  const writer = await createLakeWriter({ dir });
  for (let ms = 1; ms <= parts; ms++)
    await writer.write({
      partition: 0,
      after: { ms: ms - 1, seq: 0 },
      first: { ms, seq: 0 },
      last: { ms, seq: 0, index: 0 },
      rows: [row(ms, ms % 2 ? "a" : "b")],
    });
  writer.close();
}

test("what a tombstone names is not read as far as it says, by who had the lake open before", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 6);
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 1 });
  const ids = async () => (await allOf(lake)).map(({ id }) => id);
  expect(await ids()).toEqual(["m1", "m3", "m5", "m2", "m4", "m6"]);
  writeTombstone(dir, tombstone("a", 3));
  expect(await ids()).toEqual(["m5", "m2", "m4", "m6"]);
  const extent = { events: 6, firstAt: NOON, lastKnown: NOON };
  expect(await lake.extent()).toEqual({ ...extent, erasing: true });
  removeTombstone(dir, "of a");
  expect(await ids()).toHaveLength(6);
  expect(await lake.extent()).toEqual(extent);
  await lake.close();
});

test("rows go from parts that compaction has replaced too, and are counted once", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 6);
  await compactLake({ dir });
  const reducers = payingReducers();
  expect(await eraseRows({ dir, tombstone: tombstone("a", 3), reducers })).toEqual({
    parts: 3,
    removed: 2,
    kept: 0,
    redacted: 0,
  });
  expect(await eraseRows({ dir, tombstone: tombstone("a", 3), reducers })).toMatchObject({ parts: 0, removed: 0 });
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 1 });
  expect((await allOf(lake)).map(({ id }) => id)).toEqual(["m5", "m2", "m4", "m6"]);
  expect((await lake.end()).get(0)).toEqual({ ms: 6, seq: 0, index: 0 });
  await lake.close();
});

test.each<[string, (dir: string) => Promise<unknown>]>([
  ["an erasure", (dir) => eraseRows({ dir, tombstone: tombstone("a"), reducers: payingReducers() })],
  ["a compaction", (dir) => compactLake({ dir })],
])("what a writer that died has left aside goes with %s, and what is being written stays", async (_, tidy) => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 2);
  const [old, young] = ["1-0.old.tmp", "1-0.young.tmp"].map((name) => join(dir, "p0", "1970-01-01", name));
  for (const file of [old, young]) writeFileSync(file, "a");
  const hoursAgo = Date.now() / 1_000 - 2 * 3_600;
  utimesSync(old, hoursAgo, hoursAgo);
  await tidy(dir);
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});

test("while a compaction runs nothing is erased, and it is said", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 6);
  let refused: unknown;
  const fault = async () => {
    refused ??= await eraseRows({ dir, tombstone: tombstone("a"), reducers: payingReducers() }).catch((e) => e);
  };
  await compactLake({ dir, fault });
  expect(refused).toMatchObject({ code: "VAR_IN_USE" });
});

test("the lock of a process that is gone holds up nobody; of one that lives, it does", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 2);
  const lock = join(dir, ".compacting");
  const erase = () => eraseRows({ dir, tombstone: tombstone("a"), reducers: payingReducers() });
  writeFileSync(lock, `${ownName()}\nx`);
  await expect(erase()).rejects.toMatchObject({ code: "VAR_IN_USE" });
  writeFileSync(lock, `${ownName().replace(/ \d+ \S+$/, " 999999999 1")}\nx`); // above every pid of Linux
  expect(await erase()).toMatchObject({ removed: 1 });
  expect(existsSync(lock)).toBe(false);
});

test("a reading that fails while somebody is erased is made again; one that has begun is refused to be tried again", async () => {
  const dir = join(tempDir(), "lake");
  let fails = 2;
  let batches = 1;
  const broken: Lake = {
    async *readByEntity(): AsyncGenerator<LoggedEvent[]> {
      for (let i = 0; i < batches; i++) {
        if (i === batches - 1 && fails-- > 0) throw new Error("a file was renamed");
        yield [row(i, "b")];
      }
    },
    end: async () => new Map(),
    extent: async () => ({ events: 0 }),
    summary: async () => ({ events: 0, entities: 0 }),
  };
  const lake = withoutErased(dir, broken);
  await expect(allOf(lake)).rejects.toThrow("a file was renamed"); // nobody is being erased: it is a failure
  writeTombstone(dir, tombstone("a"));
  expect(await allOf(lake)).toHaveLength(1);
  [fails, batches] = [9, 1];
  await expect(allOf(lake)).rejects.toMatchObject({ code: "TOO_BUSY", retry: true });
  [fails, batches] = [1, 2];
  await expect(allOf(lake)).rejects.toMatchObject({ code: "TOO_BUSY", retry: true });
  // a tombstone that a dead erasure has left explains no failure of today
  const hoursAgo = Date.now() / 1_000 - 3_600;
  utimesSync(join(dir, ".erasing"), hoursAgo, hoursAgo);
  [fails, batches] = [1, 1];
  await expect(allOf(lake)).rejects.toThrow("a file was renamed");
});

test("readers of a lake in which parts are written again at every moment never fail, and never see a half", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 4);
  const reducers = payingReducers();
  let going = true;
  const reader = (async () => {
    const lake = createParquetLake(dir, { memoryMb: 100, threads: 2 });
    let reads = 0;
    for (; going; reads++) {
      const ids = (await allOf(lake)).map(({ id }) => id);
      expect(ids.filter((id) => id === "m2" || id === "m4")).toEqual(["m2", "m4"]);
      expect([0, 1, 2]).toContain(ids.length - 2);
    }
    await lake.close();
    return reads;
  })();
  for (let ms = 1; ms <= 3; ms += 2) {
    writeTombstone(dir, tombstone("a", ms));
    await eraseRows({ dir, tombstone: tombstone("a", ms), reducers });
    removeTombstone(dir, "of a");
  }
  going = false;
  expect(await reader).toBeGreaterThan(0);
});
