import { expect, test } from "vitest";
import type { FeatureFace } from "../../../src/features/feature.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { planColumns } from "../../../training/replay/columns.ts";

const catalogue: FeatureFace[] = ["age", "orders_30d", "city"].map((name) => ({
  name,
  type: name === "city" ? "category" : "number",
  unit: "",
  window: "all time",
  about: name,
}));
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
  const plan = planColumns(recipe({ protected: ["age", "event.gender"] }), catalogue);
  expect(plan.features.map(({ name }) => name)).toEqual(["orders_30d", "city"]);
  expect(plan.fields.map(({ property }) => property)).toEqual(["amount"]);
});

test("protected wins over wanted", () => {
  const plan = planColumns(recipe({ features: ["age", "city"], protected: ["age"] }), catalogue);
  expect(plan.features.map(({ name }) => name)).toEqual(["city"]);
});

test("a protected name that nothing has is refused: a slip of the pen must not leave anybody unprotected", () => {
  const plan = () => planColumns(recipe({ protected: ["agee", "gender", "event.toString"] }), catalogue);
  expect(plan).toThrow(/protects agee, gender, event.toString/);
  expect(plan).toThrow(expect.objectContaining({ code: "RECIPE_INVALID" }));
});
