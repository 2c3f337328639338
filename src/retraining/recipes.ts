import { Recipe } from "./recipe.ts";

/**
 * The recipes that come built in, for a shop with a wallet. A recipe of the same name in the user's
 * `portrait.config.json` takes the place of one of these.
 */
export const BUILT_IN_RECIPES: readonly Recipe[] = Object.freeze(
  [
    {
      name: "purchase",
      about: "buys within 30 days",
      positive: "will buy",
      target: { kind: "event-within", event: "Order Completed", days: 30, everyDays: 14, activeDays: 90 },
    },
    {
      name: "fraud",
      about: "the order is charged back within 45 days",
      positive: "is fraud",
      target: {
        kind: "event-becomes",
        event: "Order Completed",
        outcome: "Chargeback Received",
        on: "order_id",
        days: 45,
      },
      fields: { revenue: "number", payment: "category", category: "category" },
    },
    {
      name: "repayment",
      about: "the loan is repaid within 70 days",
      positive: "will repay",
      target: { kind: "event-becomes", event: "Loan Granted", outcome: "Loan Repaid", on: "loan_id", days: 70 },
      fields: { amount: "number", months: "number" },
      // there are fewer loans than orders, and most of them end well
      gate: { minRows: 300, minPositives: 30 },
    },
  ].map((recipe) => Object.freeze(Recipe.parse(recipe))),
);
