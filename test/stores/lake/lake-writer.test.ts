import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { Fenced } from "../../../src/stores/fenced.ts";
import { createLakeWriter, type Stretch } from "../../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { allOf, NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

const row = (id: string, ms: number) =>
  new LoggedText(0, { ms, seq: 0, index: 0 }, id, "E", { kind: "user", id: "u1" }, NOON, NOON, '{"a":1}');

const stretch = (ids: readonly string[], after: number, first: number, last: number): Stretch => ({
  partition: 0,
  after: { ms: after, seq: 0 },
  first: { ms: first, seq: 0 },
  last: { ms: last, seq: 0, index: 3 },
  rows: ids.map((id) => row(id, first)),
});

test("of two writers who extend the same end, the second is fenced and the first one's part stays", async () => {
  const dir = join(tempDir(), "lake");
  const [one, two] = [await createLakeWriter({ dir }), await createLakeWriter({ dir })];
  await one.write(stretch(["a", "b"], 0, 1_000, 2_000));
  await expect(two.write(stretch(["a"], 0, 1_000, 1_500))).rejects.toBeInstanceOf(Fenced);
  await two.write(stretch(["c"], 2_000, 2_001, 3_000));
  expect(await one.ends()).toEqual(new Map([[0, { ms: 3_000, seq: 0, index: 3 }]]));
  const lake = createParquetLake(dir);
  expect((await allOf(lake)).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect((await lake.end()).get(0)).toEqual({ ms: 3_000, seq: 0, index: 3 });
  await lake.close();
  expect(readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  one.close();
  two.close();
});

test("a part that dies before its claim leaves only a file that nobody looks at", async () => {
  const dir = join(tempDir(), "lake");
  let fail = true;
  const writer = await createLakeWriter({
    dir,
    fault: (point) => {
      if (fail && point === "before-claim") throw new Error("dead");
    },
  });
  await expect(writer.write(stretch(["a"], 0, 1_000, 2_000))).rejects.toThrow("dead");
  expect(await writer.ends()).toEqual(new Map());
  fail = false;
  await writer.write(stretch(["a"], 0, 1_000, 2_000));
  expect((await writer.ends()).size).toBe(1);
  writer.close();
});

test("which events the lake holds already is found by entity and id", async () => {
  const dir = join(tempDir(), "lake");
  const writer = await createLakeWriter({ dir });
  expect(await writer.find(0, [row("a", 1)])).toEqual(new Set());
  await writer.write(stretch(["a", "it's"], 0, 1_000, 2_000));
  const stranger = new LoggedText(
    0,
    { ms: 5, seq: 0, index: 0 },
    "a",
    "E",
    { kind: "user", id: "u2" },
    NOON,
    NOON,
    "{}",
  );
  expect(await writer.find(0, [row("b", 5), row("a", 5), stranger, row("it's", 5)])).toEqual(new Set([1, 3]));
  writer.close();
});

test("a name of ours over foreign bytes is refused when the lake is opened", async () => {
  const dir = join(tempDir(), "lake");
  const writer = await createLakeWriter({ dir });
  await writer.write(stretch(["a"], 0, 1_000, 2_000));
  const [part] = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));
  const file = join(dir, part.replace("1000-0", "9000-0"));
  writeFileSync(file, "not parquet");
  await expect(writer.ends()).rejects.toMatchObject({ code: "LAKE_BROKEN", facts: { file } });
  writer.close();
});
