import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { openDuckDB } from "../../../src/stores/lake/duckdb.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { leanQuery } from "../../../src/stores/lake/lean-query.ts";
import { listWhole, readFooters } from "../../../src/stores/lake/parts.ts";
import { isWanted, watchFile } from "../../../src/stores/lake/whole-parts.ts";
import { NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function partsOf(kinds: readonly string[][]) {
  const dir = join(tempDir(), "lake");
  const writer = await createLakeWriter({ dir });
  for (const [partition, some] of kinds.entries()) {
    const first = { ms: 1, seq: 0 };
    const rows = some.map((kind, index) => {
      const position = { ...first, index };
      return new LoggedText(partition, position, `m${index}`, "Paid", { kind, id: "a" }, NOON, NOON + index, "{}");
    });
    const last = { ...first, index: Math.max(0, rows.length - 1) };
    await writer.write({ partition, after: { ms: 0, seq: 0 }, first, last, rows });
  }
  writer.close();
  const db = await openDuckDB({ tempDir: tempDir(), memoryMb: 100, threads: 1 });
  const connection = await db.connect();
  const parts = await readFooters(connection, listWhole(dir));
  const close = () => {
    connection.closeSync();
    db.closeSync();
  };
  return { connection, parts, close };
}

test("a part is read without a condition when its footer says that all its rows are wanted, and only then", async () => {
  const { connection, parts, close } = await partsOf([["user", "user", "user"], ["user", "till", "user"], []]);
  const ask = (more: object) => {
    const query = leanQuery({ kind: "user", properties: () => [], ...more }, ["Paid"]);
    if (!query) throw new Error("wanted a lean query");
    return Promise.all(parts.map((part) => isWanted(connection, part, query)));
  };
  expect(await ask({})).toEqual([true, false, false]);
  expect(await ask({ notOf: "till" })).toEqual([true, false, false]);
  expect(await ask({ knownUntil: NOON + 2.5 })).toEqual([true, false, false]);
  expect(await ask({ knownUntil: NOON + 1 })).toEqual([false, false, false]);
  expect(await ask({ kind: "till" })).toEqual([false, false, false]);
  expect(await ask({ notOf: "user" })).toEqual([false, false, false]);
  close();
});

test("it is noticed when an erasure puts another file in the place of a part", async () => {
  const { parts, close } = await partsOf([["user"]]);
  const [part] = parts;
  const isSame = watchFile(part);
  expect(isSame()).toBe(true);
  copyFileSync(part.file, `${part.file}.tmp`);
  expect(isSame()).toBe(true);
  renameSync(`${part.file}.tmp`, part.file);
  expect(isSame()).toBe(false);
  close();
});
