import { expect, test } from "vitest";
import { EntityKind } from "../../../src/features/entity-kinds.ts";
import type { FeatureFace } from "../../../src/features/feature.ts";
import { createReducer } from "../../../src/features/reducer.ts";
import { oneReducer } from "../../../src/features/reducers.ts";
import { Recipe, recipeDigest } from "../../../src/retraining/recipe.ts";
import { planColumns } from "../../../training/replay/columns.ts";
import { beside } from "../../support/reducers.ts";
import { diaryReducer } from "./support.ts";

const catalogue: FeatureFace[] = ["age", "orders_30d", "city"].map((name) => ({
  name,
  type: name === "city" ? "category" : "number",
  unit: "",
  window: "all time",
  about: name,
}));
const terminal = EntityKind.parse({
  name: "terminal",
  from: "terminal_id",
  features: [{ kind: "count", name: "reports_28d", event: "Reported", window: { days: 28 }, about: "reports" }],
});
const till = { ...createReducer(terminal.features), digest: "till" };
const people = { ...diaryReducer, features: catalogue, digest: "people" };
const reducers = beside(people, [[terminal, till]]);
const recipe = (more: object) =>
  Recipe.parse({
    name: "repayment",
    about: "repays",
    positive: "will repay",
    target: { kind: "event-becomes", event: "Loan Granted", outcome: "Loan Repaid", on: "loan_id", days: 70 },
    fields: { amount: "number", gender: "category" },
    ...more,
  });

test("what a recipe protects is never a column, whether a feature or a field of the event", () => {
  const plan = planColumns(recipe({ protected: ["age", "event.gender"] }), reducers);
  expect(plan.features.map(({ name }) => name)).toEqual(["orders_30d", "city", "terminal.reports_28d"]);
  expect(plan.fields.map(({ property }) => property)).toEqual(["amount"]);
});

test("protected wins over wanted", () => {
  const plan = planColumns(recipe({ features: ["age", "city"], protected: ["age"] }), reducers);
  expect(plan.features.map(({ name }) => name)).toEqual(["city"]);
});

test("a protected name that nothing has is refused: a slip of the pen must not leave anybody unprotected", () => {
  const plan = () => planColumns(recipe({ protected: ["agee", "gender", "event.toString"] }), reducers);
  expect(plan).toThrow(/protects agee, gender, event.toString/);
  expect(plan).toThrow(expect.objectContaining({ code: "RECIPE_INVALID" }));
});

const namesOf = (more: object) => planColumns(recipe(more), reducers).features.map(({ name }) => name);

test("an event in flight reads every declared kind, unless the recipe says which", () => {
  expect(namesOf({})).toEqual(["age", "orders_30d", "city", "terminal.reports_28d"]);
  expect(namesOf({ with: [] })).toEqual(["age", "orders_30d", "city"]);
  expect(namesOf({ features: ["terminal.reports_28d", "age"] })).toEqual(["age", "terminal.reports_28d"]);
  expect(() => namesOf({ with: ["shop"] })).toThrow("no declared kind of entity: there is terminal");
  expect(() => namesOf({ with: [], features: ["terminal.reports_28d"] })).toThrow("the catalogue does not have");
});

test("at moments no event is in flight, so that nothing but the entity is read", () => {
  const target = { kind: "event-within", event: "Loan Granted", days: 30 };
  expect(namesOf({ target, fields: {} })).toEqual(["age", "orders_30d", "city"]);
  for (const more of [{ with: ["terminal"] }, { ratios: { amount: ["age"] } }])
    expect(() => namesOf({ target, fields: {}, ...more })).toThrow("no event is in flight");
});

test("a version is of the catalogues that it reads, and of no other", () => {
  const digest = (more: object) => planColumns(recipe(more), reducers).joint.digest;
  expect(digest({ with: [] })).toBe("people");
  expect(digest({ features: ["age"] })).toBe("people");
  expect(digest({})).toMatch(/^[0-9a-f]{64}$/);
  expect(digest({ features: ["age"], ratios: { amount: ["terminal.reports_28d"] } })).toBe(digest({}));
  expect(planColumns(recipe({}), oneReducer(people)).joint.digest).toBe("people");
});

test("a field is measured against number features, and not against protected ones", () => {
  const ratios = { amount: ["orders_30d", "terminal.reports_28d"] };
  const of = (more: object) => planColumns(recipe({ ratios, ...more }), reducers).ratios.map(({ feature }) => feature);
  expect(of({})).toEqual(["orders_30d", "terminal.reports_28d"]);
  expect(of({ protected: ["orders_30d"] })).toEqual(["terminal.reports_28d"]);
  expect(of({ protected: ["event.amount"] })).toEqual([]);
  expect(() => of({ ratios: { amount: ["city"] } })).toThrow("city, which is no number");
  expect(() => of({ ratios: { gender: ["age"] } })).toThrow("gender, which it declares to be no number");
});

test("a recipe that says nothing of kinds and ratios has the digest that it always had", () => {
  const { gate, ...rest } = recipe({});
  expect(Object.keys(rest)).toEqual(["name", "about", "positive", "entity", "target", "features", "fields"]);
  expect(recipeDigest({ ...rest, gate })).toBe(recipeDigest(recipe({})));
});
