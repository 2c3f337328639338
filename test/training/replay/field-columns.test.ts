import { expect, test } from "vitest";
import type { Numbers } from "../../../models/model.ts";
import type { Property } from "../../../src/events/event.ts";
import { BLOCK } from "../../../training/replay/block-columns.ts";
import { createFieldColumns } from "../../../training/replay/field-columns.ts";

const TYPES = new Map<string, "number" | "boolean" | "category">([
  ["amount", "number"],
  ["gift", "boolean"],
  ["shop", "category"],
]);

test("own fields become columns over many blocks; absent, infinite and of another type are missing, −0 is 0", () => {
  const fields = createFieldColumns(TYPES, 0);
  const odd: Readonly<Record<string, Property>>[] = [
    { amount: -0, gift: true, shop: "north" },
    { amount: Number.POSITIVE_INFINITY, gift: 1, shop: 3 },
    { amount: "3", shop: "south" },
  ];
  const rows = 40 * BLOCK; // more than there is room for at first
  for (let row = 0; row < rows; row++) fields.add({ properties: odd[row] ?? { amount: row / 4, shop: "south" } });
  const values = new Map<string, Numbers>();
  const levels = new Map<string, readonly string[]>();
  fields.finish(rows, values, levels);
  const head = (name: string) => [...(values.get(name) ?? [])].slice(0, 4);
  expect(head("event.amount")).toEqual([0, Number.NaN, Number.NaN, 0.75]);
  expect(head("event.gift")).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
  expect(head("event.shop")).toEqual([1, Number.NaN, 0, 0]);
  expect(levels).toEqual(new Map([["event.shop", ["south", "north"]]]));
  expect(values.get("event.amount")?.at(-1)).toBe((rows - 1) / 4);
  expect([...values.values()].map((column) => column.length)).toEqual([rows, rows, rows]);
});

test("a field is asked for alone where the event can tell it", () => {
  const fields = createFieldColumns(new Map([["amount", "number"]]), 0);
  fields.add({
    properties: {},
    property: (name) => (name === "amount" ? 12 : undefined),
  });
  const values = new Map<string, Numbers>();
  fields.finish(1, values, new Map());
  expect([...(values.get("event.amount") ?? [])]).toEqual([12]);
});
