import { renameSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import type { Property } from "../../../src/events/event.ts";
import { hasProperty, type LakeQuery, type LoggedEvent, propertyOf } from "../../../src/events/event-log.ts";
import { flatProperties } from "../../../src/events/flat-properties.ts";
import { LoggedText } from "../../../src/events/logged-text.ts";
import { compactLake } from "../../../src/stores/lake/compact-lake.ts";
import { openDuckDB, sqlText } from "../../../src/stores/lake/duckdb.ts";
import { createLakeWriter } from "../../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../../src/stores/lake/parquet-lake.ts";
import { footerOf } from "../../../src/stores/lake/part-footer.ts";
import { listWhole, readFooters } from "../../../src/stores/lake/parts.ts";
import { allOf, NOON } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Drawn {
  readonly who: string;
  readonly kind?: string;
  readonly name: string;
  readonly known: number;
  readonly properties: Readonly<Record<string, Property>>;
}

/** Writes parts of one partition each, `per` events in one, in the order in which they are given. */
async function addTo(dir: string, drawn: readonly Drawn[], partitions: number, per: number): Promise<void> {
  const writer = await createLakeWriter({ dir });
  const ends = await writer.ends();
  for (let partition = 0; partition < partitions; partition++) {
    const mine = drawn.filter((_, i) => i % partitions === partition);
    for (let from = 0; from < mine.length; from += per) {
      const end = ends.get(partition) ?? { ms: 0, seq: 0, index: 0 };
      const ms = end.ms + 1;
      const rows = mine.slice(from, from + per).map(({ who, kind = "user", name, known, properties }, index) => {
        const entity = { kind, id: who };
        const position = { ms, seq: 0, index };
        return new LoggedText(
          partition,
          position,
          `${ms}-${index}`,
          name,
          entity,
          known,
          known,
          JSON.stringify(properties),
        );
      });
      const last = { ms, seq: 0, index: rows.length - 1 };
      await writer.write({ partition, after: { ms: end.ms, seq: 0 }, first: { ms, seq: 0 }, last, rows });
      ends.set(partition, last);
    }
  }
  writer.close();
}

const WANTED: Record<string, readonly string[]> = {
  Paid: ["amount", "note", "mixed", "till", "A", "nowhere"],
  Seen: ["note", "b/c~d.e"],
  Left: [],
};
const properties = (event: string) => WANTED[event] ?? [];

/** Each query read leanly, against the same read plainly: every number, text and place, and the order. */
async function compare(dir: string, streamBytes?: number): Promise<void> {
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 2, streamBytes });
  const queries: LakeQuery[] = [
    { kind: "user" },
    { kind: "user", knownUntil: NOON + 2 },
    { kind: "till", through: "till" },
    { kind: "till", through: "till", notOf: "user" },
    { kind: "user", through: "note" },
    { kind: "nobody" },
  ];
  for (const query of queries) {
    const face = (event: LoggedEvent) => {
      const { entity, name, at, known, partition, position, touched, properties: all } = event;
      const wanted = WANTED[name] ?? [];
      return {
        ...{ entity, name, at, known, partition, position, touched: touched === true },
        properties: Object.fromEntries(wanted.flatMap((one) => (one in all ? [[one, all[one]]] : []))),
        single: wanted.map((one) => propertyOf(event, one)),
        there: wanted.map((one) => hasProperty(event, one)),
        none: [propertyOf(event, "toString"), hasProperty(event, "toString")],
      };
    };
    const whole = (await allOf(lake, query)).map(face);
    const lean = (await allOf(lake, { ...query, properties })).map(face);
    expect(lean).toEqual(whole);
  }
  await lake.close();
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", '"', "\\", "null", "\u0000", "é\n", "u1", "x".repeat(201), "\u{1F600}".repeat(101)),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom<number>(0, -1, 17, 2 ** 53, 2 ** 60, 1e21, 1e-7, 5e-324, 1.7e308, 0.1),
);
const arbitrary: fc.Arbitrary<Drawn> = fc
  .record({
    who: fc.constantFrom("u1", "u1u1u1u1u1u1u1u1", "\u{ffff}", "\u{1F600}"),
    kind: fc.constantFrom("user", "user", "user", "till"),
    name: fc.constantFrom("Paid", "Paid", "Seen", "Left", "it's"),
    late: fc.nat(4),
    given: fc.record(
      {
        amount: number,
        note: text,
        mixed: fc.oneof(number, text, fc.boolean()),
        till: fc.oneof(fc.constantFrom<Property>("t1", 17, 1.5, "u1", "x".repeat(201)), fc.boolean()),
        A: fc.boolean(),
        a: number,
        "b/c~d.e": fc.oneof(number, fc.constant<Property>("1")),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ who, kind, name, late, given }) => ({
    ...{ who, kind, name },
    known: NOON + late,
    properties: flatProperties(given), // as they come from the door
  }));

test("whatever of a lake is merged, who asks for some properties gets what stands in the JSON, in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitrary, { minLength: 8, maxLength: 40 }),
      fc.array(arbitrary, { minLength: 4, maxLength: 20 }),
      async (early, late) => {
        const dir = join(tempDir(), "lake");
        await addTo(dir, early, 2, 3);
        await compactLake({ dir, whole: true });
        await compare(dir, 0);
        await addTo(dir, late, 2, 3); // merged parts, and some that are not
        await compare(dir, 0);
        await compactLake({ dir, whole: true, partitions: new Set([0]) }); // of one partition: its merged part again
        await compare(dir, 0);
        await compare(dir); // too small to be streams: all is sorted
      },
    ),
    { numRuns: 3 },
  );
});

test("a lake whose parts hold no rows yet is empty", async () => {
  const dir = join(tempDir(), "lake");
  const writer = await createLakeWriter({ dir });
  const [after, first, last] = [
    { ms: 0, seq: 0 },
    { ms: 1, seq: 0 },
    { ms: 1, seq: 0, index: 0 },
  ];
  await writer.write({ partition: 0, after, first, last, rows: [] });
  writer.close();
  await compare(dir);
});

test("a merged part whose rows were put in another order is refused, not misread", async () => {
  const dir = join(tempDir(), "lake");
  const events = Array.from({ length: 8 }, (_, i) => ({ who: `u${i}`, name: "Paid", known: NOON, properties: {} }));
  await addTo(dir, events, 1, 2);
  await compactLake({ dir });
  const db = await openDuckDB({ tempDir: tempDir(), memoryMb: 100, threads: 1 });
  const connection = await db.connect();
  const part = (await readFooters(connection, listWhole(dir))).find(({ mergedTo }) => mergedTo);
  if (!part) throw new Error("nothing was merged");
  const [from, to] = [part.file, `${part.file}.tmp`].map(sqlText);
  await connection.run(`COPY (FROM ${from} ORDER BY run DESC) TO ${to} (FORMAT parquet, ${footerOf(part)})`);
  connection.closeSync();
  db.closeSync();
  renameSync(`${part.file}.tmp`, part.file);
  const lake = createParquetLake(dir, { memoryMb: 100, threads: 1, streamBytes: 0 });
  await expect(allOf(lake, { kind: "user", properties })).rejects.toMatchObject({ code: "LAKE_BROKEN" });
  await lake.close();
});

test("many events of one entity in one moment come in the order of the log, chunk after chunk", async () => {
  const dir = join(tempDir(), "lake");
  const random = createRandom(3);
  const mixed = (i: number) => ({ mixed: i % 2 === 0 ? `${i} of them, or fewer` : i });
  const drawn = (count: number) =>
    Array.from({ length: count }, (_, i): Drawn => {
      const busy = random.below(3) > 0;
      const known = busy ? NOON : NOON + random.below(2);
      const amount: Drawn["properties"] = i % 5 ? { amount: random.below(1_000) / 100 } : {};
      return {
        who: busy ? "busy" : `u${random.below(200)}`,
        name: "Paid",
        known,
        // some short, some in the memory behind the column, some in the JSON
        properties: { ...amount, note: "é".repeat(i % 3) + "n".repeat(i % 45), ...(i % 7 === 0 && mixed(i)) },
      };
    });
  await addTo(dir, drawn(6_000), 2, 700);
  await compactLake({ dir, whole: true });
  await addTo(dir, drawn(3_000), 2, 700);
  await compare(dir, 0);

  // who stops early may close the lake at once: what was being read ahead has ended
  for (let time = 0; time < 5; time++) {
    const lake = createParquetLake(dir, { memoryMb: 100, threads: 2, streamBytes: 0 });
    let read = 0;
    for await (const batch of lake.readByEntity({ kind: "user", properties })) {
      read += batch.length;
      if (read > 2_000) break;
    }
    await lake.close();
    expect(read).toBeGreaterThan(2_000);
  }
});
