import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Property } from "../../../src/events/event.ts";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { compactLake } from "../../../src/stores/lake/compact-lake.ts";
import { sqlText } from "../../../src/stores/lake/duckdb.ts";
import { eraseRows } from "../../../src/stores/lake/erase-rows.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { mergedPath } from "../../../src/stores/lake/parts.ts";
import { filesNaming } from "../../support/bytes-naming.ts";
import { allOf, NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { payingReducers } from "../../support/touches.ts";

/** Four parts or more of users u0, u1, u2, u0 …; merged into one. */
async function merged(rows: readonly Record<string, Property>[]): Promise<{ dir: string; part: string }> {
  const dir = join(tempDir(), "lake");
  const writer = await createLakeWriter({ dir });
  const logged = rows.map((properties, i) => {
    const entity = { kind: "user", id: `u${i % 3}` };
    const position = { ms: i + 1, seq: 0, index: 0 };
    return new LoggedText(0, position, `m${i}`, "Payment", entity, NOON, NOON + i, JSON.stringify(properties));
  });
  const each = Math.floor(rows.length / 4);
  for (let from = 0; from < logged.length; from += each) {
    const some = logged.slice(from, from + each);
    const [first, last] = [some[0].position, some[some.length - 1].position];
    await writer.write({ partition: 0, after: { ms: from, seq: 0 }, first, last, rows: some });
  }
  writer.close();
  await compactLake({ dir });
  for (let time = 0; time < 2; time++) await compactLake({ dir, graceMs: 0 });
  return { dir, part: mergedPath(dir, 0, { ms: 1, seq: 0 }, { ms: rows.length, seq: 0 }) };
}

async function columnsOf(part: string): Promise<Record<string, unknown[]>> {
  const db = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await db.connect();
  const read = await connection.runAndReadAll(`SELECT * FROM read_parquet(${sqlText(part)})`);
  const columns = read.getColumnsObject();
  connection.closeSync();
  db.closeSync();
  return Object.fromEntries(Object.entries(columns).filter(([name]) => name.startsWith("properties.")));
}

test("compaction gives a property a column when all its values are numbers, or all are texts", async () => {
  const { part } = await merged([
    { amount: 1.5, note: "", mixed: 1, gift: true, 'a/b~c.d"é': "x", Twice: 1, twice: 2 },
    { amount: -7, note: 'say "✓"\n', mixed: "1", Twice: 3 },
    { note: "x".repeat(300), twice: 4 },
    { amount: 2 ** 60, mixed: 2 },
  ]);
  expect(await columnsOf(part)).toEqual({
    // by user, then as they became known: rows 0 and 3, 1, 2
    "properties.amount": [1.5, 2 ** 60, -7, null],
    "properties.note": ["", null, 'say "✓"\n', "x".repeat(300)],
    "properties.Twice": [1, null, 3, null],
    'properties.a/b~c.d"é': ["x", null, null, null],
  });
});

test("a property that fewer than one event in a hundred carries has no column", async () => {
  const events = Array.from({ length: 101 }, (_, i) => ({ amount: i, ...(i === 50 && { rare: 1 }) }));
  expect(Object.keys(await columnsOf((await merged(events)).part))).toEqual(["properties.amount"]);
});

test("an erasure takes a person's values out of the columns too, and leaves those of others as they were", async () => {
  const secret = "Gold tooth 4711";
  const paid = (terminal: string, amount: number, note: string) => ({ terminal, amount, note });
  const { dir, part } = await merged([
    paid("t1", 10, secret),
    paid("t2", 20, "b"),
    paid("t1", 30, "c"),
    paid("t2", 40, secret),
    { note: "e" },
    paid("t1", 60, "f"),
  ]);
  const person = { kind: "user", id: "u0" };
  const until = [{ partition: 0, position: { ms: 99, seq: 0, index: 0 } }];
  expect(await filesNaming(dir, secret)).not.toEqual([]);
  expect(await eraseRows({ dir, tombstone: { entity: person, until }, reducers: payingReducers() })).toMatchObject({
    parts: 1,
    kept: 2,
  });
  expect(await filesNaming(dir, secret)).toEqual([]);
  const columns = await columnsOf(part);
  expect(columns["properties.note"]).toEqual([null, null, "b", "e", "c", "f"]);
  expect(columns["properties.terminal"]).toEqual(["t1", "t2", "t2", null, "t1", "t1"]);
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 1 });
  const kept = await allOf(lake, { kind: "terminal", through: "terminal" });
  expect(kept.map(({ entity, properties }) => [entity.id, properties.note])).toEqual([
    ["t1", undefined],
    ["t1", "c"],
    ["t1", "f"],
    ["t2", "b"],
    ["t2", undefined],
  ]);
  await lake.close();
});
