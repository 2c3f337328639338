import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll } from "vitest";
import { createRandom } from "../../../models/random.ts";

/** Gone when the tests of the file are over; for hooks too, where `tempDir` cannot be used. */
const dir = mkdtempSync(join(tmpdir(), "portrait-tables-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let made = 0;

/** A file of the test's own with these bytes. */
export function fileOf(content: string | Uint8Array, name = "table.csv"): string {
  const path = pathOf(name);
  writeFileSync(path, content);
  return path;
}

function pathOf(name: string): string {
  const folder = mkdtempSync(join(dir, `${made++}-`));
  return join(folder, name);
}

/** A Parquet file of the test's own with what `sql` selects. */
export async function parquetOf(sql: string, name = "table.parquet"): Promise<string> {
  const path = pathOf(name);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

/**
 * Customers of a shop: `visits` and `plan` move the odds of `bought`, `colour` does not.
 * Columns: customer, visits (2 % missing), plan, colour, bought (yes/no).
 */
export function shopCsv(rows: number, seed = 7): string {
  const { next: random } = createRandom(seed);
  const lines = ["customer,visits,plan,colour,bought"];
  for (let i = 0; i < rows; i++) {
    const visits = Math.floor(10 * random());
    const plan = ["free", "basic", "gold"][Math.floor(3 * random())];
    const colour = ["red", "blue"][Math.floor(2 * random())];
    const odds = -2.5 + 0.4 * visits + (plan === "gold" ? 1 : 0);
    const bought = random() < 1 / (1 + Math.exp(-odds)) ? "yes" : "no";
    lines.push(`c-${i},${random() < 0.02 ? "" : visits},${plan},${colour},${bought}`);
  }
  return `${lines.join("\n")}\n`;
}
