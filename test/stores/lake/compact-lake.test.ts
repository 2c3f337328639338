import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { Fenced } from "../../../src/stores/fenced.ts";
import { compactLake } from "../../../src/stores/lake/compact-lake.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { type PartCache, partPath } from "../../../src/stores/lake/parts.ts";
import { planCompaction, type SizedPart } from "../../../src/stores/lake/plan-compaction.ts";
import { allOf, DAY, NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

const MS = Date.UTC(2026, 2, 1);

/** `days` × `each` parts of 5 rows in two partitions; users take turns, so that no part is sorted by them. */
async function fill(dir: string, each = 6, days = 2): Promise<void> {
  const writer = await createLakeWriter({ dir });
  for (const partition of [0, 1]) {
    let after = { ms: 0, seq: 0 };
    for (let i = 0; i < each * days; i++) {
      const ms = MS + Math.floor(i / each) * DAY + i * 1_000;
      const rows = Array.from({ length: 5 }, (_, index) => {
        const entity = { kind: "user", id: `u${(i * 5 + index) % 7}` };
        const known = NOON + ((i * 31 + index * 17) % 50);
        return new LoggedText(
          partition,
          { ms, seq: 0, index },
          `${partition}-${i}-${index}`,
          "E",
          entity,
          known,
          known,
          "{}",
        );
      });
      await writer.write({ partition, after, first: { ms, seq: 0 }, last: { ms, seq: 0, index: 7 }, rows });
      after = { ms, seq: 0 };
    }
  }
  writer.close();
}

const parquet = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));

const read = async (dir: string) => {
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 1 });
  const found = { rows: (await allOf(lake)).map(({ entity, id }) => `${entity.id} ${id}`), ends: await lake.end() };
  await lake.close();
  return found;
};

test("compaction merges parts of several days, and the lake reads as before; what was merged goes after the grace", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir);
  const before = await read(dir);
  expect(before.rows).toHaveLength(120);
  const open = createParquetLake(dir, { memoryMb: 100, threads: 1 }); // one that remembers the footers of old parts
  await allOf(open);

  expect(await compactLake({ dir })).toEqual({ merged: 24, into: 2, rows: 120, removed: 0, parts: 2 });
  expect(parquet(dir)).toHaveLength(26);
  expect(await read(dir)).toEqual(before);
  expect(await compactLake({ dir })).toEqual({ merged: 0, into: 0, rows: 0, removed: 0, parts: 2 });
  expect(await compactLake({ dir, graceMs: 0 })).toMatchObject({ merged: 0, removed: 24, parts: 2 });
  expect(parquet(dir)).toHaveLength(2);
  expect(readdirSync(join(dir, "p0"))).toEqual(["2026-03-01", "2026-03-02"]); // the log may still write into the last
  expect(await read(dir)).toEqual(before);
  expect((await allOf(open)).map(({ entity, id }) => `${entity.id} ${id}`)).toEqual(before.rows);
  await open.close();
});

test("footers are remembered as long as their parts are there, and no longer", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 6, 1);
  const footers: PartCache = new Map();
  const writer = await createLakeWriter({ dir, footers });
  const ends = await writer.ends();
  expect(footers.size).toBe(12);
  for (let time = 0; time < 2; time++) await compactLake({ dir, graceMs: 0 }); // merges, then takes away
  expect(await writer.ends()).toEqual(ends);
  expect([...footers.keys()].sort()).toEqual(
    parquet(dir)
      .map((name) => join(dir, name))
      .sort(),
  );
  expect(footers.size).toBe(2);
  writer.close();
});

test("a writer goes on behind merged parts, and one that slept through the merge is fenced", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 4, 1);
  const late = await createLakeWriter({ dir });
  await compactLake({ dir, graceMs: 0 });
  await compactLake({ dir, graceMs: 0 });
  const ends = await late.ends();
  const end = ends.get(0);
  if (!end) throw new Error("partition 0 has parts");
  const again = {
    partition: 0,
    after: { ms: MS, seq: 0 },
    first: { ms: MS + 1_000, seq: 0 },
    last: { ms: MS + 1_000, seq: 0, index: 0 },
    rows: [],
  };
  await expect(late.write(again)).rejects.toBeInstanceOf(Fenced);
  const first = { ms: end.ms + 1, seq: 0 };
  await late.write({
    partition: 0,
    after: { ms: end.ms, seq: end.seq },
    first,
    last: { ...first, index: 0 },
    rows: [],
  });
  expect((await late.ends()).get(0)).toEqual({ ...first, index: 0 });
  late.close();
});

test.each(["before-merge-claim", "after-merge-claim"] as const)(
  "a compaction that dies %s leaves every row readable once, and the next one ends its work",
  async (point) => {
    const dir = join(tempDir(), "lake");
    await fill(dir);
    const before = await read(dir);
    let calls = 0;
    const fault = (at: string) => {
      if (at === point && ++calls === 2) throw new Error("dead");
    };
    await expect(compactLake({ dir, fault })).rejects.toThrow("dead");
    expect(await read(dir)).toEqual(before);
    await compactLake({ dir, graceMs: 0 });
    await compactLake({ dir, graceMs: 0 });
    expect(parquet(dir)).toHaveLength(2);
    expect(await read(dir)).toEqual(before);
  },
);

test("two compactions of one lake are refused; a part that overlaps others is named", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 4, 1);
  let second: unknown;
  const fault = async () => {
    second ??= await compactLake({ dir }).catch((error: unknown) => error);
  };
  await compactLake({ dir, fault });
  expect(second).toMatchObject({ code: "VAR_IN_USE" });
  rmSync(join(dir, parquet(dir).filter((name) => name.includes("_"))[0]));
  const [one] = parquet(dir).sort();
  renameSync(join(dir, one), join(dir, `${one}.tmp`));
  await expect(read(dir)).rejects.toMatchObject({ code: "LAKE_BROKEN" });
});

test("a plan merges neighbours, none above the target, and no part that outweighs the others unless all is wanted", () => {
  const part = (rows: number, i: number): SizedPart => ({
    partition: 0,
    first: { ms: i, seq: 0 },
    after: { ms: i - 1, seq: 0 },
    last: { ms: i, seq: 0, index: 0 },
    file: `${i}`,
    rows,
  });
  const rules = { targetRows: 1_000, minParts: 3 };
  const rowsOf = (rows: number[], whole = false) =>
    planCompaction(rows.map(part), { ...rules, whole }).map((run) => run.map((one) => one.rows));
  expect(rowsOf([10, 10])).toEqual([]);
  expect(rowsOf([10, 10, 10, 10])).toEqual([[10, 10, 10, 10]]);
  expect(rowsOf([500, 10, 10, 10])).toEqual([[10, 10, 10]]);
  expect(rowsOf([400, 400, 400, 1, 1, 1])).toEqual([[400, 1, 1, 1].slice(1)]);
  expect(rowsOf([400, 400, 400, 1, 1, 1], true)).toEqual([
    [400, 400],
    [400, 1, 1, 1],
  ]);
  expect(rowsOf([1_000, 1], true)).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.nat(1_200), { maxLength: 40 }), (rows) => {
      for (const run of planCompaction(rows.map(part), rules)) {
        const total = run.reduce((sum, one) => sum + one.rows, 0);
        expect(total).toBeLessThanOrEqual(1_000);
        expect(run.length).toBeGreaterThanOrEqual(3);
        run.forEach((one, i) => {
          if (i > 0) expect(one.first.ms).toBe(run[i - 1].first.ms + 1);
        });
      }
    }),
  );
});

test("an hourly compaction leaves about log₂ n parts, and writes each row about as often again", () => {
  const part = (first: number, last: number): SizedPart => ({
    partition: 0,
    first: { ms: first, seq: 0 },
    after: { ms: first - 1, seq: 0 },
    last: { ms: last, seq: 0, index: 0 },
    file: `${first}`,
    rows: last - first + 1,
  });
  let chain: SizedPart[] = [];
  let written = 0;
  const hours = 8_760;
  for (let hour = 1; hour <= hours; hour++) {
    chain.push(part(hour, hour));
    for (const run of planCompaction(chain, { targetRows: 100_000, minParts: 4 })) {
      const merged = part(run[0].first.ms, run[run.length - 1].last.ms);
      written += merged.rows;
      chain = [...chain.filter((one) => !run.includes(one)), merged].sort((a, b) => a.first.ms - b.first.ms);
    }
    expect(chain.length).toBeLessThanOrEqual(3 + Math.log2(hour));
  }
  expect(written / hours).toBeLessThan(Math.log2(hours));
});

test("a reader of a folder in which parts are claimed at every moment never sees a hole", async () => {
  const dir = join(tempDir(), "lake");
  await fill(dir, 1, 1);
  // real parts, made beforehand elsewhere and claimed by a process of its own as fast as it can
  const store = join(tempDir(), "lake");
  await fill(store, 1, 1);
  const writer = await createLakeWriter({ dir: store });
  const count = 150;
  let after = { ms: MS, seq: 0 };
  for (let i = 1; i <= count; i++) {
    const first = { ms: MS + i, seq: 0 };
    await writer.write({ partition: 0, after, first, last: { ...first, index: 0 }, rows: [] });
    after = first;
  }
  const from = partPath(store, 0, { ms: MS, seq: 0 });
  const to = partPath(dir, 0, { ms: MS, seq: 0 });
  mkdirSync(join(to, ".."), { recursive: true });
  const script = `
    const { linkSync } = require("node:fs");
    let i = 1;
    const claimTo = (last) => {
      for (let k = 0; k < 3 && i <= last; k++, i++)
        linkSync(${JSON.stringify(from)}.replace("${MS}-0", (${MS} + i) + "-0"), ${JSON.stringify(to)}.replace("${MS}-0", (${MS} + i) + "-0"));
      if (i <= last) setTimeout(claimTo, 2, last); else if (i > ${count}) process.exit(0);
    };
    process.stdin.on("data", (last) => claimTo(Number(last)));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "inherit", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<boolean>((resolve) => child.once("exit", () => resolve(true)));
  const reader = await createLakeWriter({ dir });
  let last = 0;
  // a third at a time, so that a reader that is slow to its turn sees some of it all the same
  for (let third = 1; third <= 3; third++) {
    const until = (third * count) / 3;
    child.stdin.write(`${until}\n`);
    while (last < MS + until) {
      const end = (await reader.ends()).get(0)?.ms ?? 0;
      expect(end).toBeGreaterThanOrEqual(last);
      last = end;
    }
  }
  await ended;
  reader.close();
  writer.close();
});
