import { expect, it } from "vitest";
import { EntityKind, idOf, secondEntities } from "../../src/features/entity-kinds.ts";
import { createReducers } from "../../src/features/reducers.ts";

const seen = { kind: "recency", name: "days_since_seen", about: "days since it was last seen" };
const terminal = EntityKind.parse({ name: "terminal", from: "terminal_id", features: [seen] });
const card = EntityKind.parse({ name: "card", from: "card", features: [seen] });
const customer = { kind: "user", id: "u1" };

it("finds the entities that the declared properties name", () => {
  const event = { entity: customer, properties: { terminal_id: 17, card: "c-9", amount: 3 } };
  expect(secondEntities([terminal, card], event)).toEqual([
    { kind: "terminal", id: "17" },
    { kind: "card", id: "c-9" },
  ]);
});

it("finds none where the property is absent, inherited or can be no id", () => {
  expect(secondEntities([terminal], { entity: customer, properties: {} })).toEqual([]);
  for (const value of ["", 1.5, true, "x".repeat(201), 2 ** 60]) expect(idOf(value)).toBeUndefined();
  const inherited = EntityKind.parse({ name: "thing", from: "toString", features: [seen] });
  expect(secondEntities([inherited], { entity: customer, properties: {} })).toEqual([]);
});

it("does not name an event's own entity again", () => {
  const event = { entity: { kind: "terminal", id: "17" }, properties: { terminal_id: "17" } };
  expect(secondEntities([terminal], event)).toEqual([]);
});

it("reads a declared kind by its own catalogue and every other by the common one", () => {
  const count = { kind: "count", name: "orders", event: "Order", window: { days: 7 }, about: "orders in 7 days" };
  const reducers = createReducers([seen, count], [terminal]);
  expect(reducers.of("terminal").features.map(({ name }) => name)).toEqual(["days_since_seen"]);
  expect(reducers.of("user").features.map(({ name }) => name)).toEqual(["days_since_seen", "orders"]);
  expect(reducers.of("company")).toBe(reducers.of("user"));
});

it("has the digest of its one catalogue when no kind is declared, and another as soon as one is", () => {
  const alone = createReducers([seen]);
  expect(alone.digest).toBe(alone.of("user").digest);
  const other = EntityKind.parse({ name: "terminal", from: "terminal", features: [seen] });
  const digests = [alone, createReducers([seen], [terminal]), createReducers([seen], [other])].map((r) => r.digest);
  expect(new Set(digests).size).toBe(3);
});
