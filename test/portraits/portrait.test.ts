import fc from "fast-check";
import { expect, test } from "vitest";
import type { Property } from "../../src/events/event.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { INDEX_NAMES } from "../../src/portraits/indexes.ts";
import { type Portrait, paint } from "../../src/portraits/portrait.ts";
import { STAGES } from "../../src/portraits/stage.ts";
import type { TagRule } from "../../src/portraits/tag-rule.ts";
import { DEFAULT_TAG_RULES } from "../../src/portraits/tags.ts";
import { type Happening, historyUntil, NOON } from "../features/history.ts";

const DAY = 86_400_000;
const reducer = createReducer(DEFAULT_FEATURES);
const entity = { kind: "user", id: "u1" };

function portraitOf(history: readonly Happening[], tagRules = DEFAULT_TAG_RULES, by = reducer): Portrait {
  const state = by.empty();
  for (const event of history) by.write(state, event);
  return paint({ entity, reducer: by, row: by.read(state, NOON), now: NOON, tagRules });
}
const happened = (name: string, daysAgo: number, properties: Record<string, Property> = {}): Happening => ({
  name,
  at: NOON - daysAgo * DAY,
  properties,
});
const times = (count: number, make: (i: number) => Happening) => Array.from({ length: count }, (_, i) => make(i));
const tagNames = (portrait: Portrait) => portrait.tags.map(({ name }) => name);

test("of an entity nobody knows, nothing is said", () => {
  const portrait = portraitOf([]);
  expect(portrait).toEqual({
    entity,
    at: "2026-06-01T12:00:00.000Z",
    catalogue: reducer.digest,
    values: {},
    tags: [],
    indexes: {},
  });
});

test("a tag carries what it rests on, and when it ends", () => {
  const portrait = portraitOf(times(4, (i) => happened("Order Completed", i * 20, { revenue: 20 })));
  expect(portrait.tags.find(({ name }) => name === "frequent buyer")).toEqual({
    name: "frequent buyer",
    by: "rule",
    weight: 0.9,
    because: "ordered at least 4 times in 90 days",
    evidence: [{ feature: "orders_90d", value: 4, unit: "orders", words: "orders in the last 90 days: 4" }],
    expiresAt: "2026-07-01T12:00:00.000Z",
  });
});

test("each built-in tag is carried by whom it describes", () => {
  const orders = (count: number, daysAgo: number, revenue = 20) =>
    times(count, (i) => happened("Order Completed", daysAgo + i, { revenue, order_id: `o${i}` }));
  const cases: Record<string, Happening[]> = {
    "new customer": orders(1, 3),
    "frequent buyer": orders(4, 1),
    "big spender": orders(2, 10, 200),
    "cart abandoner": times(2, (i) => happened("Product Added", i)),
    "window shopper": times(15, (i) => happened("Product Viewed", i, { category: "toys" })),
    explorer: times(5, (i) => happened("Product Viewed", 1, { category: `c${i}` })),
    "at risk of leaving": orders(3, 50),
    "returns a lot": [...orders(3, 10), ...times(2, (i) => happened("Order Refunded", i))],
    "charged back": [happened("Chargeback Received", 5)],
    "many devices": times(4, (i) => happened("Logged In", i, { device: `d${i}` })),
    "borrower in good standing": [happened("Loan Granted", 90, { amount: 100 }), happened("Loan Repaid", 10)],
    "open loan": [happened("Loan Granted", 90, { amount: 100 })],
  };
  expect(Object.keys(cases).sort()).toEqual(DEFAULT_TAG_RULES.map(({ name }) => name).sort());
  for (const [name, history] of Object.entries(cases)) expect(tagNames(portraitOf(history))).toContain(name);
  expect(tagNames(portraitOf([happened("Product Viewed", 2)]))).toEqual([]);
});

test("an abandoned cart is no longer one once something was ordered", () => {
  const cart = times(3, (i) => happened("Product Added", i));
  expect(tagNames(portraitOf(cart))).toContain("cart abandoner");
  expect(tagNames(portraitOf([...cart, happened("Order Completed", 0)]))).not.toContain("cart abandoner");
});

test("a missing feature fulfils no bound, only the wish that it be missing", () => {
  const rule = (when: TagRule["when"]): TagRule => ({ name: "t", when, weight: 1, expiresDays: 1 });
  const seen = [happened("Product Viewed", 1, { category: "toys" })];
  const carried = (when: TagRule["when"]) => portraitOf(seen, [rule(when)]).tags.length === 1;
  expect(carried([{ feature: "days_since_order", atMost: 1e9 }])).toBe(false);
  expect(carried([{ feature: "days_since_order", missing: true }])).toBe(true);
  expect(carried([{ feature: "no_such_feature", missing: true }])).toBe(false);
  expect(carried([{ feature: "favourite_category", is: "toys" }])).toBe(true);
  expect(carried([{ feature: "favourite_category", is: "books" }])).toBe(false);
});

test("indexes by hand", () => {
  // 5 active days; 15 views; 2 products in the cart; 4 orders, the last just now, 500 spent; 1 chargeback.
  const portrait = portraitOf([
    ...times(15, (i) => happened("Product Viewed", i % 5)),
    ...times(2, (i) => happened("Product Added", i)),
    ...times(4, (i) => happened("Order Completed", i, { revenue: 125 })),
    happened("Chargeback Received", 0),
  ]);
  expect(portrait.indexes).toEqual({ activity: 50, interest: 50, demand: 50, loyalty: 50, value: 50, risk: 50 });
  expect(portraitOf([happened("Product Viewed", 0)]).indexes.loyalty).toBe(0);
});

test("an index is absent when the catalogue cannot tell it", () => {
  const orders = createReducer(DEFAULT_FEATURES.filter(({ name }) => ["orders_400d", "spent_400d"].includes(name)));
  const portrait = portraitOf([happened("Order Completed", 1, { revenue: 500 })], DEFAULT_TAG_RULES, orders);
  expect(portrait.indexes).toEqual({ value: 50 });
  expect(portrait.stage).toBeUndefined();
  expect(portrait.tags).toEqual([]);
});

test("stages by hand, each with its reason", () => {
  const orders = (count: number, daysAgo: number) => times(count, (i) => happened("Order Completed", daysAgo + i));
  const stage = (history: Happening[]) => portraitOf(history).stage?.stage;
  expect(stage(orders(5, 10))).toBe("loyal");
  expect(stage([...orders(5, 100), happened("Product Viewed", 1)])).toBe("core");
  expect(stage(orders(2, 80))).toBe("core");
  expect(stage(orders(1, 80))).toBe("target");
  expect(stage([happened("Product Added", 2)])).toBe("target");
  expect(stage(times(10, () => happened("Product Viewed", 20)))).toBe("target");
  expect(stage([happened("Product Viewed", 20)])).toBe("potential");
  expect(stage(orders(9, 90))).toBe("lapsed");
  expect(portraitOf(orders(9, 90)).stage).toEqual({
    stage: "lapsed",
    because: "not seen for 90 days",
    evidence: [{ feature: "days_since_seen", value: 90, unit: "days", words: "days since they were last seen: 90" }],
  });
});

test("a portrait goes through JSON unchanged, keeps within its scales, and is the same twice", () => {
  fc.assert(
    fc.property(historyUntil(NOON), (history) => {
      const portrait = portraitOf(history);
      expect(JSON.parse(JSON.stringify(portrait))).toEqual(portrait);
      expect(portraitOf(history)).toEqual(portrait);
      for (const index of Object.values(portrait.indexes)) {
        expect(index).toBeGreaterThanOrEqual(0);
        expect(index).toBeLessThanOrEqual(100);
      }
      if (history.length > 0) {
        expect(STAGES).toContain(portrait.stage?.stage);
        expect(Object.keys(portrait.indexes)).toEqual([...INDEX_NAMES]);
      }
    }),
    { numRuns: 150 },
  );
});
