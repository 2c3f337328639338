import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { mustBePlain } from "../../src/http/body.ts";
import { createFeatureScanner } from "../../src/http/scan-features.ts";
import { numberEnd, scanNumber } from "../../src/http/scan-number.ts";
import { createScoreScanner } from "../../src/http/scan-score.ts";
import { isPlainRequest, ScoreBody } from "../../src/http/score-body.ts";
import { answerText } from "../../src/http/write-answer.ts";
import { encodeInline } from "../../src/scoring/encode-row.ts";
import { textOf } from "../../src/scoring/given-text.ts";
import type { ScoreAnswer } from "../../src/scoring/score.ts";
import { anyBody, scoreShaped } from "../support/score-bodies.ts";
import { tinyScorer } from "../support/scoring.ts";

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((x) => Number(x.toPrecision(6))),
  fc.integer(),
  fc.constantFrom(-0, 5e-324, 1.7976931348623157e308, 9007199254740992, 0.1, 1e21, 1e-7),
);
const written = fc.oneof(
  number.map((x) => JSON.stringify(x)),
  fc.tuple(number, fc.nat(20)).map(([x, digits]) => x.toFixed(digits)),
  fc.tuple(number, fc.nat(20)).map(([x, digits]) => x.toExponential(digits)),
);

describe("a number", () => {
  test("is the number that JSON.parse reads, to the bit, and ends where it ends", () => {
    fc.assert(
      fc.property(written, (text) => {
        fc.pre(Number.isFinite(Number(text)));
        expect(Object.is(scanNumber(Buffer.from(`[${text},`), 1), JSON.parse(text))).toBe(true);
        expect(numberEnd()).toBe(1 + text.length);
      }),
      { numRuns: 20_000 },
    );
  });

  test("is taken only where JSON has one", () => {
    for (const text of ["01", "-", "+1", ".5", "1.", "1e", "1e+", "--1", "NaN", "Infinity", "1e999", "-01", "x", ""])
      expect(scanNumber(Buffer.from(text), 0), text).toBeNaN();
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.-+eE"), maxLength: 8 }), (text) => {
        const value = scanNumber(Buffer.from(text), 0);
        if (Number.isNaN(value) || numberEnd() < text.length) return;
        expect(Object.is(value, JSON.parse(text))).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

const COLUMNS: readonly Column[] = [
  { name: "age", type: "number" },
  { name: "job", type: "category", categories: ["clerk", "nurse"] },
  { name: "own home", type: "boolean" },
  { name: "a.b", type: "number" },
  { name: 'odd"name', type: "number" },
];
const bank = tinyScorer({ name: "bank", columns: COLUMNS, weights: [1, 1, 1, 1, 1] });
const scanner = createScoreScanner(() => new Map([["bank", bank]]));

const cell: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom("age", "a.b", "age", "a.b", 'odd"name'), written)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`),
  fc.constantFrom('"job":"nurse"', '"job":"pilot"', '"own home":true', '"own home" : false', '"job":"clerk"'),
  fc.constantFrom('"age":null', '"age":"7"', '"job":"\\u0061"', '"jób":1', '"more":1', '"own home":1', '"__proto__":1'),
);
const features = fc.array(cell, { maxLength: 6 }).map((cells) => `{${cells.join(" , ")}}`);

test("features become the row that the encoder makes of them, or are left alone", () => {
  const { newRow, scan } = createFeatureScanner(COLUMNS);
  let taken = 0;
  fc.assert(
    fc.property(features, (text) => {
      const row = newRow();
      const end = scan(Buffer.from(`${text}}`), 0, row, 0);
      if (end < 0) return;
      taken++;
      expect(end).toBe(Buffer.byteLength(text));
      expect([...row]).toEqual([...encodeInline(COLUMNS, JSON.parse(text))]);
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(1_000);
});

test("every number of a feature is the one that JSON.parse reads, to the bit", () => {
  const columns: Column[] = [{ name: "x", type: "number" }];
  const { scan } = createFeatureScanner(columns);
  const rows = new Float64Array(3);
  const read = (text: string) => {
    rows.fill(Number.NaN);
    return scan(Buffer.from(`{"x":${text}}`), 0, rows, 1) < 0 ? undefined : rows[1];
  };
  fc.assert(
    fc.property(written, (text) => {
      fc.pre(Number.isFinite(Number(text)));
      expect(Object.is(read(text), JSON.parse(text) + 0)).toBe(true);
    }),
    { numRuns: 10_000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.-+eE"), maxLength: 12 }), (text) => {
      const value = read(text);
      if (value !== undefined) expect(Object.is(value, JSON.parse(text) + 0)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  expect(read("123456789")).toBe(123_456_789);
  expect(read("0.00012")).toBe(0.00012);
  expect(read("-0")).toBe(0);
  expect([read("00"), read("01"), read("1."), read("-"), read("")]).toEqual(Array(5).fill(undefined));
  expect([rows[0], rows[2]]).toEqual([Number.NaN, Number.NaN]);
});

const body = fc
  .tuple(
    features,
    fc.shuffledSubarray(['"receipt":"none"', '"receipt": "kept"', '"reasons":3', '"reasons":101']),
    fc.constantFrom(
      "",
      "",
      "",
      "",
      "",
      '"id":"u1"',
      '"x":1',
      '"models":["bank","bank"]',
      '"models":[]',
      '"features":{}',
    ),
  )
  .chain(([given, parts, odd]) =>
    fc
      .shuffledSubarray(
        [`"features":${given}`, '"models":["bank"]', ...parts, odd].filter((part) => part !== ""),
        { minLength: 2 },
      )
      .map((all) => `{${all.join(",\n")}}`),
  );

test("a body that is taken is one that the schema takes, and the same request", () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 6, arbitrary: body }, scoreShaped, anyBody, fc.string()), (text) => {
      const request = scanner.one(Buffer.from(text));
      if (!request) return;
      taken++;
      const value = JSON.parse(text);
      mustBePlain(value, "The body");
      const { models, features, reasons, receipt } = ScoreBody.parse(value);
      expect(isPlainRequest(value)).toBe(true);
      expect([request.models, request.reasons, request.receipt]).toEqual([models, reasons, receipt]);
      expect(JSON.parse(request.given ? textOf(request.given) : "")).toEqual(features);
      expect([...(request.given?.row ?? [])]).toEqual([...encodeInline(COLUMNS, features ?? {})]);
    }),
    { numRuns: 10_000 },
  );
  expect(taken).toBeGreaterThan(300);
});

test("the plain body of every caller is taken, in either order and with blanks", () => {
  for (const text of [
    '{"models":["bank"],"features":{"age":40}}',
    '{"features":{"age":40},"models":["bank"],"receipt":"none","reasons":3}',
    ' { "models" : [ "bank" ] , "features" : { "age" : 40 , "job" : "nurse" } }\n',
    '{"models":["bank"],"features":{}}',
  ])
    expect(scanner.one(Buffer.from(text)), text).toBeDefined();
});

test("a batch is taken whole, as a list or as items, or not at all", () => {
  const one = '{"models":["bank"],"features":{"age":40}}';
  const many = (text: string) => scanner.many(Buffer.from(text), 3)?.length;
  expect([many(`[${one}]`), many(`[ ${one} ,\n${one}]`), many(`{"items": [${one},${one},${one}] } `)]).toEqual([
    1, 2, 3,
  ]);
  for (const text of [
    "[]",
    `[${one},]`,
    `[${one}`,
    `[${one}]]`,
    `[${one},{"id":"u1"}]`,
    `{"items":[${one}],"x":1}`,
    one,
    "",
  ])
    expect(many(text), text).toBeUndefined();
  expect(many(`[${one},${one},${one},${one}]`)).toBeUndefined();
});

test("a batch of items that are written alike is read into the very rows of its items, or not at all", () => {
  let taken = 0;
  const frame = fc.constantFrom<readonly [string, string]>(
    ['{"models":["bank"],"features":', "}"],
    ['{"models":["bank"],"features":', ',"receipt":"none"}'],
    ['{ "features" : ', ' , "models" : [ "bank" ] }'],
    ['{"features":', ',"models":["bank"],"reasons":1}'],
    ['{"models":["other"],"features":', "}"],
  );
  const plain = fc.constantFrom('"age":41', '"a.b": -2.5', '"job":"nurse"', '"own home":true').map((one) => `{${one}}`);
  const items = fc.array(fc.oneof({ weight: 9, arbitrary: plain }, features, fc.constant('{"age":40,"age":41}')), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(frame, items, fc.constantFrom(",", " , "), fc.boolean(), ([before, after], given, comma, wrapped) => {
      const list = `[${given.map((one) => `${before}${one}${after}`).join(comma)}]`;
      const bytes = Buffer.from(wrapped ? `{"items":${list}}` : list);
      const rows = scanner.rows(bytes, 30);
      const many = scanner.many(bytes, 30);
      if (rows === undefined) return;
      taken++;
      expect(rows.count).toBe(many?.length);
      many?.forEach(({ given: one, receipt }, i) => {
        expect(rows.values.slice(i * COLUMNS.length, (i + 1) * COLUMNS.length)).toEqual(one?.row);
        expect([rows.texts?.from[i], rows.texts?.to[i], rows.receipt]).toEqual([one?.from, one?.to, receipt]);
      });
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(100);
  const one = '{"models":["bank"],"features":{"age":40}}';
  const other = '{"models":["bank"],"features":{"age":40},"receipt":"none"}';
  for (const text of [
    "",
    "[",
    "[]",
    one,
    `[${one}`,
    `[${one},]`,
    `[${one},${other}]`,
    `[${one}]]`,
    `{"items":[${one}]`,
  ])
    expect(scanner.rows(Buffer.from(text), 9), text).toBeUndefined();
});

test("lines that are written alike are read into the very rows of their requests, or not at all", () => {
  const good = fc.constantFrom('{"age":41}', '{"a.b": -2.5}', '{"job":"nurse"}', "{}");
  const item = (given: string) => `{"models":["bank"],"features":${given},"receipt":"none"}`;
  const line = fc.oneof(
    { weight: 20, arbitrary: good.map(item) },
    { weight: 4, arbitrary: good.map((given) => ` ${item(given)} \r`) },
    // those that would be requests only with the lines around them
    fc.tuple(good, good).map(([a, b]) => `${item(a)},${item(b)}`),
    fc.tuple(good, good).map(([a, b]) => `${item(a)} ${item(b)}`),
    fc.constantFrom('{"models":["bank"],"features":{"age":1', '},"receipt":"none"}', '{"models":["bank"]', "[", "x"),
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (texts) => {
      const lines = texts.map((text) => Buffer.from(text));
      const rows = scanner.lines(lines);
      if (rows === undefined) return;
      taken++;
      expect(rows.count).toBe(lines.length);
      lines.forEach((bytes, i) => {
        const given = scanner.one(bytes)?.given;
        expect(rows.values.slice(i * COLUMNS.length, (i + 1) * COLUMNS.length)).toEqual(given?.row);
        const { texts: all } = rows;
        expect(all && textOf({ bytes: all.bytes, from: all.from[i], to: all.to[i] })).toBe(given && textOf(given));
      });
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(500);
  const torn = ['{"models":["bank"],"features":{"age":1}}', '{"models":["bank"],"features":{"age":2', "}}"];
  const twice = [`${torn[0]} ${torn[0]}`, ...torn.slice(1)].map((text) => Buffer.from(text));
  expect(scanner.lines(twice)).toBeUndefined(); // three requests in three lines, none of which is one
  expect(scanner.lines([Buffer.from(torn[0]), Buffer.from(torn[0])])?.count).toBe(2);
});

test("an answer is written as JSON.stringify writes it", () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  const view = fc.record(
    {
      probability,
      percentile: fc.double({ min: 0, max: 100, noNaN: true }),
      band: fc.string(),
      version: fc.string(),
      unusual: fc.array(fc.string()),
      base: number,
      reasons: fc.array(fc.record({ feature: fc.string(), contribution: number, words: fc.string() })),
    },
    { requiredKeys: ["probability", "band", "version"] },
  );
  const answer = fc.record(
    {
      entity: fc.record({ kind: fc.string(), id: fc.string() }),
      at: fc.constant("2026-01-01T00:00:00.000Z"),
      scores: fc.dictionary(fc.string(), view),
      receipt: fc.constant("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
      missing: fc.constant(["receipt"]),
    },
    { requiredKeys: ["at", "scores"] },
  );
  fc.assert(
    fc.property(answer, (made) => {
      expect(JSON.parse(answerText(made as ScoreAnswer))).toEqual(JSON.parse(JSON.stringify(made)));
      const { receipt: _, missing: __, ...one } = made;
      expect(answerText(one as ScoreAnswer)).toBe(JSON.stringify(one));
    }),
    { numRuns: 2_000 },
  );
});
