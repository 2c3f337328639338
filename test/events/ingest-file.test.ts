import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { readMappingFile } from "../../src/cli/read-mapping-file.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Event } from "../../src/events/event.ts";
import type { EventLog } from "../../src/events/event-log.ts";
import { compileEventSchemas, EventSchemas } from "../../src/events/event-schema.ts";
import { ingestEvents } from "../../src/events/ingest-events.ts";
import { ingestFile } from "../../src/events/ingest-file.ts";
import { parseMoment } from "../../src/events/map-rows.ts";
import { type Mapping, readMapping } from "../../src/events/mapping.ts";
import { isParquet, openParquetRows } from "../../src/stores/lake/parquet-rows.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { dataset } from "../support/datasets.ts";
import { allOf, anEvent, countingReducer, NOON } from "../support/events.ts";
import { tempDir } from "../support/temp-dir.ts";

const mapping = (given: object): Mapping => readMapping(JSON.stringify(given), "test");
const file = (content: string | Buffer, name = "events.csv"): string => {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
};
const house = () => createMemoryHouse({ reducer: countingReducer() });
const plain = ({ id, name, entity, at, known, properties }: Event) => ({
  id,
  name,
  who: entity.id,
  at,
  known,
  properties: { ...properties },
});

const ORDERS = mapping({
  entity: { id: "who" },
  event: { rules: [{ when: { column: "no", startsWith: "C" }, is: "Order Refunded" }], else: "Order Completed" },
  time: { column: "when", format: "dd/mm/yyyy" },
  group: ["no"],
  messageId: ["no"],
  properties: {
    revenue: { sum: ["n", "price"], absolute: true },
    lines: { count: "lines" },
    articles: { distinct: "sku" },
  },
  skip: [{ column: "who", empty: true, because: "nobody" }],
});

test("lines of one order become one event, refunds by their number", async () => {
  const { log, lake } = house();
  const path = file(
    [
      "no,who,when,sku,n,price",
      "1,ann,01/03/2026 12:00,a,2,1.10",
      "1,ann,01/03/2026 12:00,b,1,0.30",
      "2,,01/03/2026 12:01,a,1,1.10",
      "C3,ann,02/03/2026 9:30,a,-2,1.10",
      "1,ann,01/03/2026 12:00,b,1,0.30",
      "4,bob,31/02/2026,a,1,1",
      "5,bob,02/03/2026,a,one,1",
      "6,bob,02/03/2026,a,1",
    ].join("\r\n"),
  );
  const summary = await ingestFile({ path, mapping: ORDERS, log, now: NOON + 10 * 86_400_000 });
  expect(summary).toEqual({
    lines: 8,
    events: 2,
    skipped: { nobody: 1 },
    broken: 3,
    firstBroken: [
      { line: 9, reason: "wanted 6 fields, found 5" },
      { line: 7, reason: 'column "when" holds no moment of the form dd/mm/yyyy' },
      { line: 8, reason: 'column "n" holds no number' },
    ],
    firstAt: NOON,
    lastAt: Date.UTC(2026, 2, 2, 9, 30),
  });
  expect((await allOf(lake)).map(plain)).toEqual([
    {
      id: "1",
      name: "Order Completed",
      who: "ann",
      at: NOON,
      known: NOON,
      properties: { revenue: 2.8, lines: 3, articles: 2 },
    },
    {
      id: "C3",
      name: "Order Refunded",
      who: "ann",
      at: Date.UTC(2026, 2, 2, 9, 30),
      known: Date.UTC(2026, 2, 2, 9, 30),
      properties: { revenue: 2.2, lines: 1, articles: 1 },
    },
  ]);
});

const PLAIN = mapping({
  file: { delimiter: ";", header: false, columns: ["who", "what", "when", "score", "ok"] },
  entity: { kind: "card", id: "who" },
  event: { column: "what" },
  time: { column: "when", format: "unix-seconds" },
  properties: { score: { column: "score", type: "number", scale: 0.01 }, ok: { column: "ok", type: "boolean" } },
});

test("a file ingested twice counts nothing twice, and equal lines are different events", async () => {
  const { log, lake } = house();
  const second = NOON / 1_000;
  const path = file(
    gzipSync(`c1;Paid;${second};250;yes\nc1;Paid;${second};250;yes\nc2;Paid;${second};;no\n`),
    "events.gz",
  );
  for (let i = 0; i < 2; i++) await ingestFile({ path, mapping: PLAIN, log, now: NOON });
  const events = (await allOf(lake)).map(plain);
  expect(events.map(({ who, name, properties }) => ({ who, name, properties }))).toEqual([
    { who: "c1", name: "Paid", properties: { score: 2.5, ok: true } },
    { who: "c1", name: "Paid", properties: { score: 2.5, ok: true } },
    { who: "c2", name: "Paid", properties: { ok: false } },
  ]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
});

test("the fraud handbook's lines are transactions, and its frauds are reported a week later", async () => {
  const { log, lake } = house();
  const head =
    "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO";
  const path = file(
    `${head}\n0,2018-04-01 00:00:31,596,3156,57.16,31,0,0,0\n1,2018-04-01 00:02:10,596,3412,281.5,130,0,1,1\n`,
  );
  for (const ready of ["fraud-handbook", "fraud-handbook-reports"])
    await ingestFile({ path, mapping: readMappingFile(ready), log, now: NOON });
  const events = (await allOf(lake)).map(plain);
  const at = Date.UTC(2018, 3, 1, 0, 2, 10);
  const second = { who: "596", properties: { transaction_id: "1", terminal_id: "3412", amount: 281.5 } };
  const moment = (ms: number) => ({ at: ms, known: ms });
  expect(events.length).toBe(3);
  expect(events.slice(1)).toEqual([
    { ...second, id: "1", name: "Transaction", ...moment(at) },
    { ...second, id: "1:1", name: "Fraud Reported", ...moment(at + 7 * 86_400_000) },
  ]);
});

test("NDJSON of Segment calls becomes known when it says it was received, else when it happened", async () => {
  const { log, lake } = house();
  const call = (more: object) => JSON.stringify({ type: "track", event: "E", ...more });
  const path = file(
    [
      call({ userId: "a", messageId: "m1", timestamp: "2026-01-01T00:00:00Z", sentAt: "2026-01-01T00:00:00Z" }),
      call({ userId: "b", messageId: "m2", timestamp: "2026-01-01T00:00:00Z", receivedAt: "2026-01-03T00:00:00Z" }),
      "{ no json",
      "",
      call({ messageId: "m3" }),
      call({ userId: "c", timestamp: "2099-01-01T00:00:00Z" }),
    ].join("\n"),
    "events.ndjson",
  );
  const summary = await ingestFile({ path, log, now: NOON });
  const [first, third] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3)];
  expect((await allOf(lake)).map(({ entity, at, known }) => [entity.id, at, known])).toEqual([
    ["a", first, first],
    ["b", first, third],
    ["c", NOON, NOON],
  ]);
  expect(summary).toMatchObject({ lines: 5, events: 3, broken: 2 });
  expect(summary.firstBroken).toEqual([
    { line: 3, reason: "it is no JSON" },
    { line: 5, reason: 'Wanted "userId" or "anonymousId", found neither' },
  ]);
});

test("--strict stops at the first line that does not fit", async () => {
  const path = file("c1;Paid;not a time;1;yes\n");
  await expect(ingestFile({ path, mapping: PLAIN, log: house().log, now: NOON, strict: true })).rejects.toMatchObject({
    code: "ROW_BROKEN",
    facts: { line: 1 },
  });
});

test("files and mappings that do not fit each other are refused with what was found", async () => {
  const { log } = house();
  const ingest = (path: string, one?: Mapping) => ingestFile({ path, ...(one && { mapping: one }), log, now: NOON });
  await expect(ingest("/nowhere/at-all.csv")).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  await expect(ingest(tempDir())).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  await expect(ingest(file(gzipSync("a;b\n".repeat(9_000)).subarray(0, 40)), PLAIN)).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
  });
  await expect(ingest(file(""), PLAIN)).rejects.toMatchObject({ code: "TABLE_EMPTY" });
  await expect(ingest(file("no,who\n1,a\n"), ORDERS)).rejects.toThrow(
    /wants columns "when", "n", "price", "sku"; the file has "no", "who"/,
  );
  await expect(ingest(file("a,b\n1,2\n"))).rejects.toThrow(/None of the 2 lines.*--map/);
  expect(() => readMapping("{", "m.json")).toThrow(expect.objectContaining({ code: "MAPPING_INVALID" }));
  expect(() => mapping({ entity: {}, event: 3, time: { column: "t", format: "noon" } })).toThrow(/entity[\s\S]*time/);
  expect(() =>
    mapping({ entity: { id: "a" }, event: "E", time: { column: "t" }, properties: { n: { count: "lines" } } }),
  ).toThrow(/group/);
  expect(() => mapping({ entity: { id: "a" }, event: "E", time: { column: "t" }, file: { header: false } })).toThrow(
    /columns/,
  );
  expect(() =>
    mapping({
      entity: { id: "a" },
      event: "E",
      time: { column: "t" },
      properties: { n: { column: "n", type: "numbr" } },
    }),
  ).toThrow(/wanted \{ "column": …, "type": "text", "number" or "boolean" \}[\s\S]*properties\.n/);
  expect(() => readMappingFile("no-such-mapping")).toThrow(expect.objectContaining({ code: "FILE_UNREADABLE" }));
});

test("moments are read in the form that was said, in UTC, and only days that exist", () => {
  expect(parseMoment("20260301", "yyyymmdd")).toBe(Date.UTC(2026, 2, 1));
  expect(parseMoment("20260230", "yyyymmdd")).toBeNaN();
  expect(parseMoment("1/3/2026", "dd/mm/yyyy")).toBe(Date.UTC(2026, 2, 1));
  expect(parseMoment("3/1/2026 13:05:09", "mm/dd/yyyy")).toBe(Date.UTC(2026, 2, 1, 13, 5, 9));
  expect(parseMoment("1772366400.5", "unix-seconds")).toBe(NOON + 500);
  expect(parseMoment("1772366400000", "unix-ms")).toBe(NOON);
});

test("a log that is busy for a moment is asked again; one that stays away is reported", async () => {
  let refusals = 3;
  const taken: string[] = [];
  const log: EventLog = {
    async append(events) {
      if (refusals-- > 0) throw new PortraitError("TOO_BUSY", "later");
      taken.push(...events.map(({ id }) => id));
    },
  };
  const events = Array.from({ length: 25 }, () => anEvent());
  expect(await ingestEvents(events, { log, batch: 10 })).toBe(25);
  expect(taken.sort()).toEqual(events.map(({ id }) => id).sort());
  const away: EventLog = { append: () => Promise.reject(new PortraitError("REDIS_AWAY", "gone")) };
  await expect(ingestEvents(events, { log: away, patienceMs: 0 })).rejects.toMatchObject({ code: "REDIS_AWAY" });
});

const cdnow = dataset("cdnow", "CDNOW_master.txt.gz");
test.skipIf(!cdnow)("CDNOW goes through: 69,659 purchases of 23,570 customers worth 2,500,315.63 dollars", async () => {
  const { log, lake } = house();
  const summary = await ingestFile({ path: cdnow ?? "", mapping: readMappingFile("cdnow"), log, now: NOON });
  expect(summary).toMatchObject({ lines: 69_659, events: 69_659, broken: 0 });
  expect(await lake.summary()).toMatchObject({ events: 69_659, entities: 23_570 });
  const dollars = (await allOf(lake)).reduce((sum, { properties }) => sum + Number(properties.revenue), 0);
  expect(dollars).toBeCloseTo(2_500_315.63, 2);
});

const retail = dataset("online-retail", "online_retail.csv.gz");
test.skipIf(!retail)(
  "Online Retail goes through: 22,190 invoices of 4,372 customers worth 8,300,065.814 pounds",
  async () => {
    const { log, lake } = house();
    const summary = await ingestFile({ path: retail ?? "", mapping: readMappingFile("online-retail"), log, now: NOON });
    expect(summary).toMatchObject({ lines: 541_909, events: 22_190, broken: 0, skipped: { "no customer": 135_080 } });
    expect(await lake.summary()).toMatchObject({ events: 22_190, entities: 4_372 });
    const pounds = (await allOf(lake)).reduce(
      (sum, { name, properties }) => sum + (name === "Order Refunded" ? -1 : 1) * Number(properties.revenue),
      0,
    );
    expect(pounds).toBeCloseTo(8_300_065.814, 2);
  },
);

const HISTORY = mapping({
  entity: { id: "who" },
  event: "Order Completed",
  time: { column: "at", format: "iso" },
  known: { column: "seen", format: "iso" },
  messageId: ["no"],
  properties: {
    revenue: { column: "price", type: "number" },
    gift: { column: "gift", type: "boolean" },
    note: { column: "note" },
  },
});

/** The same five rows twice: as a delimited file, and as Parquet with types of its own. */
async function asParquet(): Promise<{ readonly csv: string; readonly parquet: string }> {
  const rows = [
    ["1", "ann", "2026-01-01 10:00:00", "2026-01-01 10:00:00", "9.5", "true", "it's ✓"],
    ["2", "bob", "2026-01-01 10:00:00.25", "2026-01-03 00:00:00", "0.1", "false", ""],
    ["3", "ann", "2026-01-02 00:00:00", "2026-01-05 12:30:00", "1e-7", "", "a;b"],
    ["4", "", "2026-01-02 00:00:00", "2026-01-02 00:00:00", "1", "", ""],
    ["5", "eve", "2026-01-02 00:00:00", "2026-01-02 00:00:00", "12345678.125", "true", "x"],
  ];
  const csv = file(["no,who,at,seen,price,gift,note", ...rows.map((row) => row.join(","))].join("\n"));
  const parquet = join(tempDir(), "events.parquet");
  const db = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await db.connect();
  const values = rows.map(
    ([no, who, at, seen, price, gift, note]) =>
      `(${no}::BIGINT, nullif('${who}', ''), '${at}'::TIMESTAMP, make_timestamptz(epoch_us('${seen}'::TIMESTAMP)), ` +
      `${price}::DOUBLE, nullif('${gift}', '')::BOOLEAN, nullif('${note.replace("'", "''")}', ''))`,
  );
  await connection.run(
    `COPY (SELECT * FROM (VALUES ${values}) t("no", who, "at", seen, price, gift, note)) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  db.closeSync();
  return { csv, parquet };
}

test("Parquet gives the very events of the delimited file, each known when its column says", async () => {
  const { csv, parquet } = await asParquet();
  const [text, columns] = [house(), house()];
  const first = await ingestFile({ path: csv, mapping: HISTORY, log: text.log, now: NOON });
  expect([await isParquet(parquet), await isParquet(csv)]).toEqual([true, false]);
  const rows = await openParquetRows(parquet);
  const second = await ingestFile({ path: parquet, rows, mapping: HISTORY, log: columns.log, now: NOON });
  expect(rows.done()).toBe(1);
  rows.close();
  const events = (await allOf(columns.lake)).map(plain);
  expect(events).toEqual((await allOf(text.lake)).map(plain));
  expect(events.map(({ id, at, known }) => [id, at, known - at])).toEqual([
    ["1", Date.UTC(2026, 0, 1, 10), 0],
    ["3", Date.UTC(2026, 0, 2), 3 * 86_400_000 + 12.5 * 3_600_000],
    ["2", Date.UTC(2026, 0, 1, 10, 0, 0, 250), 38 * 3_600_000 - 250],
    ["5", Date.UTC(2026, 0, 2), 0],
  ]);
  expect(second).toMatchObject({ lines: 5, events: 4, broken: 1 });
  expect(second.firstBroken).toEqual([{ line: 4, reason: 'column "who" is empty, so nobody did it' }]);
  expect(first.firstBroken).toEqual([{ line: 5, reason: 'column "who" is empty, so nobody did it' }]); // with the header
});

test("NaN in a Parquet file is a missing number, infinity is none", async () => {
  const path = join(tempDir(), "nan.parquet");
  const db = await DuckDBInstance.create();
  const connection = await db.connect();
  await connection.run(
    `COPY (SELECT 'c' || i AS who, TIMESTAMP '2026-01-01' AS at,
       (['1.5', 'nan', 'inf']::DOUBLE[])[i] AS price, (['2.5', 'nan', '1']::FLOAT[])[i] AS size
     FROM range(1, 4) rows(i)) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  db.closeSync();
  const number = (column: string) => ({ column, type: "number" });
  const simple = mapping({
    entity: { id: "who" },
    event: "E",
    time: { column: "at" },
    properties: { price: number("price"), size: number("size") },
  });
  const { log, lake } = house();
  const rows = await openParquetRows(path);
  const summary = await ingestFile({ path, rows, mapping: simple, log, now: NOON });
  rows.close();
  expect(summary.firstBroken).toEqual([{ line: 3, reason: 'column "price" holds no number' }]);
  expect((await allOf(lake)).map(({ properties }) => ({ ...properties }))).toEqual([{ price: 1.5, size: 2.5 }, {}]);
});

test("a number keeps all its digits where it has no millionths, and one beyond all doubles does not fit", async () => {
  const { log, lake } = house();
  const one = mapping({
    entity: { id: "who" },
    event: "E",
    time: { column: "at" },
    properties: { x: { column: "x", type: "number", scale: 10 } },
  });
  const path = file("who,at,x\na,2026-01-01,1e303\nb,2026-01-01,1e308\nc,2026-01-01,0.1234567\nd,2026-01-01,-0\n");
  const summary = await ingestFile({ path, mapping: one, log, now: NOON });
  expect(summary.firstBroken).toEqual([{ line: 3, reason: "a number is too great to be kept" }]);
  expect((await allOf(lake)).map(({ properties }) => properties.x).sort()).toEqual([0, 1.234567, 1e304]);
});

test("a Parquet file wants a mapping that fits, and a broken one is said to be broken", async () => {
  const { parquet } = await asParquet();
  const rows = await openParquetRows(parquet);
  await expect(ingestFile({ path: parquet, rows, log: house().log, now: NOON })).rejects.toMatchObject({
    code: "MAPPING_INVALID",
    facts: { columns: ["no", "who", "at", "seen", "price", "gift", "note"] },
  });
  const other = { path: parquet, rows, mapping: ORDERS, log: house().log, now: NOON };
  await expect(ingestFile(other)).rejects.toMatchObject({ code: "COLUMN_UNKNOWN" });
  rows.close();
  const cut = file(readFileSync(parquet).subarray(0, 200), "cut.parquet");
  expect(await isParquet(cut)).toBe(true);
  await expect(openParquetRows(cut)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
});

test("a file that was stopped in the middle goes on where it was: nothing twice, nothing left out", async () => {
  const lines = Array.from({ length: 103 }, (_, i) => `c${i % 9};Paid;${NOON / 1_000 - i};${i};yes`);
  lines.splice(20, 0, "c1;Paid;not a time;1;yes");
  const path = file(lines.join("\n"));
  const { log, lake } = house();
  let appends = 0;
  let place = 0;
  const failing: EventLog = {
    async append(events) {
      if (++appends > 5) throw new PortraitError("CONFIG_INVALID", "the plug was pulled");
      await log.append(events);
    },
  };
  const reached = (events: number) => {
    expect(events).toBeGreaterThanOrEqual(place);
    place = events;
  };
  const ingest = { path, mapping: PLAIN, now: NOON, batch: 10 };
  await expect(ingestFile({ ...ingest, log: failing, place: { from: 0, reached } })).rejects.toThrow("the plug");
  expect(place).toBe(50); // five appends of ten
  expect(await allOf(lake)).toHaveLength(50);

  const second = await ingestFile({ ...ingest, log, place: { from: place, reached } });
  expect(second).toMatchObject({ lines: 104, events: 103, resumed: 50, broken: 1 });
  expect(place).toBe(103);
  const scores = (await allOf(lake)).map(({ properties }) => Math.round(Number(properties.score) * 100));
  expect(scores.sort((a, b) => a - b)).toEqual(Array.from({ length: 103 }, (_, i) => i));
});

test("appends that are answered out of order move the place by the first ones without a gap", async () => {
  const path = file(Array.from({ length: 40 }, (_, i) => `c;Paid;${NOON / 1_000 - i};${i};yes`).join("\n"));
  const held: (() => void)[] = [];
  const places: number[] = [];
  const log: EventLog = {
    append: () =>
      new Promise((resolve) => {
        held.push(resolve);
        if (held.length === 4) for (const answer of held.reverse()) answer();
      }),
  };
  const place = { from: 0, reached: (events: number) => void places.push(events) };
  await ingestFile({ path, mapping: PLAIN, log, now: NOON, batch: 10, place });
  expect(places).toEqual([0, 0, 30, 40]); // the third, the second, the first, and then the fourth
});

test("a line whose event breaks its schema does not fit; nor does one with bytes that are not UTF-8", async () => {
  const check = compileEventSchemas(
    EventSchemas.parse({ Paid: { properties: { score: { type: "number", max: 2 } } } }),
  );
  const { log, lake } = house();
  const path = file(
    Buffer.concat([
      Buffer.from(`c1;Paid;${NOON / 1_000};100;yes\nc2;Paid;${NOON / 1_000};250;yes\n`),
      Buffer.from(`K\u00f6ln;Paid;${NOON / 1_000};100;yes\nKöln;Paid;${NOON / 1_000};100;yes\n`, "latin1"),
    ]),
  );
  const summary = await ingestFile({ path, mapping: PLAIN, log, now: NOON, ...(check && { check }) });
  expect(summary.firstBroken).toEqual([
    { line: 2, reason: 'the schema of "Paid" is broken: wanted "score" as a number of at most 2; found another' },
    { line: 3, reason: "it holds bytes that are not UTF-8" },
    { line: 4, reason: "it holds bytes that are not UTF-8" },
  ]);
  expect((await allOf(lake)).map(({ entity }) => entity.id)).toEqual(["c1"]);
});

test("a byte order mark before the first call is none of its bytes; calls of a whole array in one line are refused", async () => {
  const call = (userId: string) => JSON.stringify({ type: "track", userId, event: "E", timestamp: NOON });
  const { log, lake } = house();
  const path = file(
    `\ufeff${call("u1")}\r\n[${`${call("u2")},`.repeat(20_000)}${call("u2")}]\n${call("u3")}`,
    "x.ndjson",
  );
  const summary = await ingestFile({ path, log, now: NOON });
  expect(summary).toMatchObject({ lines: 3, events: 2, broken: 1 });
  expect(summary.firstBroken).toEqual([
    { line: 2, reason: "it is longer than 1,000,000 characters; wanted one call a line" },
  ]);
  expect((await allOf(lake)).map(({ entity }) => entity.id).sort()).toEqual(["u1", "u3"]);
});

test("ids and names of a file are as printable as those that come by HTTP", async () => {
  const named = mapping({ entity: { id: "who" }, event: { column: "what" }, time: { column: "at" } });
  const { log, lake } = house();
  const path = file("who,what,at\na\u001b[2J,E,2026-01-01\nb,E\u0000,2026-01-01\nc,E,2026-01-01\n");
  const summary = await ingestFile({ path, mapping: named, log, now: NOON });
  expect(summary.firstBroken).toEqual([
    { line: 2, reason: 'column "who" holds no id of 1 to 200 printable characters' },
    { line: 3, reason: "the event has no name of 1 to 200 printable characters" },
  ]);
  expect((await allOf(lake)).map(({ entity }) => entity.id)).toEqual(["c"]);
});
