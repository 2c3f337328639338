import { expect, test } from "vitest";
import { compileEventSchemas, EventSchemas } from "../../src/events/event-schema.ts";

const ORDER = {
  about: "money came in",
  properties: {
    revenue: { type: "number", required: true, min: 0, max: 1_000_000 },
    items: { type: "number", whole: true },
    currency: { type: "text", oneOf: ["EUR", "USD"] },
    "cart.note": { type: "text", maxChars: 5 },
    gift: { type: "boolean" },
  },
};
const check = (given: object) => compileEventSchemas(EventSchemas.parse(given));

test.each([
  [{ revenue: 0 }, undefined],
  [{ revenue: 9.5, items: 2, currency: "EUR", "cart.note": "12345", gift: false, more: "x" }, undefined],
  [{}, 'wanted "revenue" as a number of at least 0 and at most 1000000; found none'],
  [{ revenue: "9.5" }, 'wanted "revenue" as a number of at least 0 and at most 1000000; found a text'],
  [{ revenue: -0.01 }, 'wanted "revenue" as a number of at least 0 and at most 1000000; found another'],
  [{ revenue: 1, items: 1.5 }, 'wanted "items" as a whole number; found another'],
  [{ revenue: 1, currency: "DM" }, 'wanted "currency" as a text (EUR, USD); found another'],
  [{ revenue: 1, "cart.note": "123456" }, 'wanted "cart.note" as a text of at most 5 characters; found another'],
  [{ revenue: 1, gift: 1 }, 'wanted "gift" as true or false; found a number'],
])("%j → %s", (properties, reason) => {
  expect(check({ "Order Completed": ORDER })?.("Order Completed", properties)).toBe(reason);
});

test("an event without a schema is asked nothing, and no schemas are no check", () => {
  expect(check({ "Order Completed": ORDER })?.("Product Viewed", { revenue: "none" })).toBeUndefined();
  expect(check({})).toBeUndefined();
});

test("`declared` names the property that is not", () => {
  const strict = check({ Paid: { properties: { sum: { type: "number" } }, allow: "declared" } });
  expect(strict?.("Paid", { sum: 1 })).toBeUndefined();
  expect(strict?.("Paid", { sum: 1, tip: 2 })).toBe('the property "tip" is not declared');
});

test("names that every object knows are properties like any other", () => {
  const odd = check({ Paid: { properties: { toString: { type: "number", required: true } } } });
  expect(odd?.("Paid", {})).toMatch(/found none/);
  expect(odd?.("Paid", { toString: 1 } as never)).toBeUndefined();
  expect(odd?.("constructor", {})).toBeUndefined();
});

test("a schema that contradicts itself is refused with the place", () => {
  const bad = EventSchemas.safeParse({
    Paid: { properties: { sum: { type: "number", oneOf: ["a"], min: 3, max: 2 }, who: { type: "txt" } } },
  });
  expect(bad.error?.issues.map(({ path }) => path.join("."))).toEqual([
    "Paid.properties.sum.oneOf",
    "Paid.properties.sum.max",
    "Paid.properties.who.type",
  ]);
});
