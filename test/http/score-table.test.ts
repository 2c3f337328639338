import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createScoreScanner } from "../../src/http/scan-score.ts";
import { requestOfRow, TableBody } from "../../src/http/table-body.ts";
import { encodeInline } from "../../src/scoring/encode-row.ts";
import { tinyScorer } from "../support/scoring.ts";

const COLUMNS: readonly Column[] = [
  { name: "age", type: "number" },
  { name: "job", type: "category", categories: ["clerk", "nurse"] },
  { name: "income", type: "number" },
  { name: "debts", type: "number" },
];
const bank = tinyScorer({ name: "bank", columns: COLUMNS, weights: [1, 1, 1, 1] });
const scanner = createScoreScanner(() => new Map([["bank", bank]]));
const scan = (text: string) => scanner.table(Buffer.from(text), 5);

test("a table of numbers is read into the rows that its requests have, or left alone", () => {
  const cell = fc.oneof(
    { weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x)) },
    { weight: 9, arbitrary: fc.integer({ min: -999, max: 999 }).map((x) => String(x / 8)) },
    { weight: 3, arbitrary: fc.constant("null") },
    fc.constantFrom('"7"', "true", "nul", "01", "[1]"),
  );
  const names = fc.shuffledSubarray(["age", "income", "debts"], { minLength: 1 });
  let taken = 0;
  fc.assert(
    fc.property(
      names,
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 7 }),
      fc.constantFrom("", " ", "\n\t"),
      fc.constantFrom("before", "after"),
      (columns, cells, blank, receipt) => {
        const rows = cells.map((row) => `${blank}[${blank}${row.slice(0, columns.length).join(`${blank},`)}${blank}]`);
        const none = '"receipt":"none"';
        const parts = [`"model":"bank"`, `"columns":${JSON.stringify(columns)}`, `"rows":[${rows.join(`${blank},`)}]`];
        const text = `{${(receipt === "before" ? [none, ...parts] : [...parts, none]).join(`,${blank}`)}}`;
        const found = scan(text);
        if (!found) return;
        taken++;
        const table = TableBody.parse(JSON.parse(text));
        const requests = table.rows.map((row) => requestOfRow(table, row));
        expect(found).toMatchObject({ count: rows.length, receipt: "none" });
        expect(found.requests()).toEqual(requests);
        requests.forEach(({ features }, i) => {
          expect(found.values.slice(4 * i, 4 * i + 4)).toEqual(encodeInline(COLUMNS, features ?? {}));
        });
      },
    ),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(300);
});

test("what is not quite a table of numbers without receipts is left to those who know the words", () => {
  const table = (rows: string, more = ',"receipt":"none"', columns = '["age","debts"]') =>
    `{"model":"bank","columns":${columns},"rows":${rows}${more}}`;
  expect(scan(table("[[1,2],[null,-0]]"))?.values.slice(0, 8)).toEqual(
    Float64Array.of(1, Number.NaN, Number.NaN, 2, Number.NaN, Number.NaN, Number.NaN, 0),
  );
  for (const text of [
    table("[[1,2]]", ""), // a receipt keeps the features by name
    table("[[1,2]]", ',"receipt":"none","reasons":1'),
    table("[[1,2]]", ',"receipt":"none","rows":[[1,2]]'),
    table("[]"),
    table("[[1]]"),
    table("[[1,2,3]]"),
    table("[[1,2],]"),
    table("[[1,2]"),
    table("[[1,2],[1,2],[1,2],[1,2],[1,2],[1,2]]"), // six where five are wanted
    table('[["nurse",2]]', ',"receipt":"none"', '["job","debts"]'),
    table("[[1,2]]", ',"receipt":"none"', '["age","age"]'),
    table("[[1,2]]", ',"receipt":"none"', '["age","height"]'),
    '{"columns":["age"],"rows":[[1]],"model":"bank","receipt":"none"}',
    '{"model":"other","columns":["age"],"rows":[[1]],"receipt":"none"}',
    `${table("[[1,2]]")}x`,
    "",
  ])
    expect(scan(text), text).toBeUndefined();
});
