import fc from "fast-check";
import { expect, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { createRowEncoder, encodeInline } from "../../src/scoring/encode-row.ts";
import { PURCHASE_COLUMNS, tinyReducer } from "../support/scoring.ts";

const { features } = tinyReducer();
const reading = (text?: string) => ({ numbers: Float64Array.of(3, Number.NaN), texts: [text] });

test("features land in the order of the model's columns, a text as its index", () => {
  const columns = [PURCHASE_COLUMNS[2], PURCHASE_COLUMNS[1], PURCHASE_COLUMNS[0]];
  expect([...createRowEncoder(columns, features)(reading("shoes"))]).toEqual([Number.NaN, 1, 3]);
});

test("a text that is missing or was not seen in training is NaN", () => {
  const encode = createRowEncoder([PURCHASE_COLUMNS[1]], features);
  expect([...encode(reading(undefined)), ...encode(reading("hats"))]).toEqual([Number.NaN, Number.NaN]);
});

test("own fields of the event fill the columns event.<property>; those of another type are missing", () => {
  const columns: Column[] = [
    { name: "event.revenue", type: "number" },
    { name: "event.express", type: "boolean" },
    { name: "event.payment", type: "category", categories: ["card", "cash"] },
  ];
  const encode = createRowEncoder(columns, features);
  expect([...encode(reading(), { revenue: 12.5, express: true, payment: "cash" })]).toEqual([12.5, 1, 1]);
  expect([...encode(reading(), { revenue: "12.5", express: 1, payment: 7 })]).toEqual([NaN, NaN, NaN]);
  expect([...encode(reading())]).toEqual([NaN, NaN, NaN]);
  expect(Object.is(encode(reading(), { revenue: -0 })[0], 0)).toBe(true);
});

test("a property named like something inherited is read only when it was sent", () => {
  const encode = createRowEncoder([{ name: "event.constructor", type: "number" }], features);
  expect(encode(reading(), {})[0]).toBeNaN();
});

test("columns that are neither feature nor field, or of another type, are all named", () => {
  const columns: Column[] = [
    { name: "orders_90d", type: "number" },
    { name: "last_category", type: "number" },
  ];
  expect(() => createRowEncoder(columns, features)).toThrow(
    expect.objectContaining({
      code: "MODEL_INPUT_MISMATCH",
      message: expect.stringMatching(
        /orders_90d \(not in the catalogue\), last_category \(a number for the model, a cat/,
      ),
    }),
  );
});

test("inline features: what is not given is missing, what is given keeps its type", () => {
  expect([...encodeInline(PURCHASE_COLUMNS, { spent_30d: 9.5, last_category: "books" })]).toEqual([NaN, 0, 9.5]);
  expect(() => encodeInline(PURCHASE_COLUMNS, { spent_30d: "9.5", orders: 1 })).toThrow(
    expect.objectContaining({
      code: "MODEL_INPUT_MISMATCH",
      message: expect.stringMatching(/spent_30d: wanted a number, found a string; orders: unknown.*orders_30d/),
    }),
  );
});

test("the order in which features are given, and which are left out, changes nothing about the others", () => {
  const columns = ["a", "b", "c", "d", "e"].map((name): Column => ({ name, type: "number" }));
  const pairs = fc.shuffledSubarray(columns.map(({ name }, place) => [name, place * 1.5] as const));
  fc.assert(
    fc.property(pairs, (given) => {
      const row = encodeInline(columns, Object.fromEntries(given));
      const known = new Map(given);
      expect([...row]).toEqual(columns.map(({ name }) => known.get(name) ?? Number.NaN));
    }),
  );
});
