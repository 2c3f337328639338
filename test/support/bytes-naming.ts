import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Redis } from "ioredis";
import { sqlText } from "../../src/stores/lake/duckdb.ts";

/** The files below a folder in which a text stands: in their bytes, or in a cell of a Parquet file. */
export async function filesNaming(root: string, text: string): Promise<string[]> {
  const db = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await db.connect();
  const found: string[] = [];
  try {
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
      const path = join(root, name);
      if (!statSync(path).isFile()) continue;
      const rows =
        name.endsWith(".parquet") &&
        (await (await connection.run(`SELECT r::VARCHAR FROM read_parquet(${sqlText(path)}) r`)).getRows());
      if (name.includes(text) || readFileSync(path).includes(text) || (rows && String(rows).includes(text)))
        found.push(name);
    }
    return found;
  } finally {
    connection.closeSync();
    db.closeSync();
  }
}

/** The keys of a Redis in whose names or values, as they are dumped, a text stands. */
export async function keysNaming(redis: Redis, text: string): Promise<string[]> {
  await redis.config("SET", "rdbcompression", "no");
  const found: string[] = [];
  for (const key of await redis.keys("*")) {
    const dumped = await redis.dumpBuffer(key);
    if (key.includes(text) || dumped?.includes(text)) found.push(key);
  }
  return found.sort();
}
