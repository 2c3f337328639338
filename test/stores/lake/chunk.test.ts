import { expect, test } from "vitest";
import { type Chunk, chunksOf } from "../../../src/stores/lake/chunk.ts";
import { openDuckDB } from "../../../src/stores/lake/duckdb.ts";
import { createTextReader, has, numberLane, TextLane } from "../../../src/stores/lake/text-lane.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function ask(sql: string, look: (chunk: Chunk) => void): Promise<void> {
  const db = await openDuckDB({ tempDir: tempDir(), memoryMb: 100, threads: 1, inOrder: true });
  const connection = await db.connect();
  try {
    for await (const chunk of chunksOf(connection, sql)) look(chunk);
  } finally {
    connection.closeSync();
    db.closeSync();
  }
}

test("the memory of columns is read chunk by chunk, all rows in their order", async () => {
  const doubles: number[] = [];
  const integers: number[] = [];
  let halves = 0;
  await ask(
    "SELECT (i + 0.5)::DOUBLE, (2 * i)::INTEGER, if(i % 3 = 0, i::DOUBLE, NULL) FROM range(5000) r(i)",
    (chunk) => {
      doubles.push(...chunk.doubles(0));
      integers.push(...chunk.integers(1));
      const lane = numberLane(chunk, 2);
      for (let row = 0; row < chunk.rows; row++) if (has(lane, row)) halves += lane.items[row];
      expect(chunk.valid(0)).toBeUndefined();
    },
  );
  expect(doubles).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 0.5));
  expect(integers).toEqual(Array.from({ length: 5_000 }, (_, i) => 2 * i));
  expect(halves).toBe(3 * ((1_666 * 1_667) / 2)); // 0, 3, …, 4,998
});

test("texts are what they were, short or long, ASCII or not, in whichever order they are asked for", async () => {
  const text = (i: number) => ["a", "é", "\u{1f600}"][i % 3] + "y".repeat(i % 31) + "\ufeff".repeat(i % 2) + i;
  const said = Array.from({ length: 3_000 }, (_, i) => (i % 5 === 0 ? undefined : text(i)));
  const values = said.map((one, i) => `(${i}, ${one === undefined ? "NULL" : `'${one}'`})`).join(",");
  let before = 0;
  await ask(`SELECT t FROM (VALUES ${values}) v(i, t) ORDER BY i`, (chunk) => {
    const read = createTextReader();
    const rows = Array.from({ length: chunk.rows }, (_, row) => row);
    for (const order of [rows, [...rows].reverse(), rows.filter((row) => row % 7 === 0)]) {
      const lane = new TextLane(chunk, 0);
      const found = order.map((row) => (has(lane, row) ? read(lane, row) : undefined));
      expect(found).toEqual(order.map((row) => said[before + row]));
    }
    before += chunk.rows;
  });
  expect(before).toBe(3_000);
});

test("what the database cannot answer is thrown where its rows are asked for", async () => {
  let rows = 0;
  const sql = "SELECT if(i = 4000, error('there is no such row'), 'x') FROM range(9000) r(i)";
  const count = (chunk: Chunk) => {
    rows += chunk.rows;
  };
  await expect(ask(sql, count)).rejects.toThrow("there is no such row");
  expect(rows).toBeLessThan(4_000);
});
