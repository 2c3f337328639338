import type { FeatureInput } from "../../src/features/declaration.ts";
import { EntityKind } from "../../src/features/entity-kinds.ts";
import { Recipe } from "../../src/retraining/recipe.ts";

/** What one would declare for the handbook's log in `portrait.config`: features of customers and terminals, and the recipe. */
const PAID = "Transaction";
const REPORTED = "Fraud Reported";
const days = (count: number, ago = 0) => `${count}d${ago ? `_ago${ago}` : ""}`;

const count = (what: string, event: string, n: number, ago = 0): FeatureInput => ({
  name: `${what}_${days(n, ago)}`,
  kind: "count",
  event,
  window: { days: n, ago },
  unit: what,
  about: `${what} in ${n} days${ago ? `, until ${ago} days ago` : ""}`,
});
const amount = (kind: "mean" | "maximum" | "sum", n: number): FeatureInput => ({
  name: `amount_${kind}_${days(n)}`,
  kind,
  event: PAID,
  value: "amount",
  window: { days: n },
  unit: "currency",
  about: `${kind} of the amounts in ${n} days`,
});
const ratio = (name: string, of: string, to: string): FeatureInput => ({
  name,
  kind: "ratio",
  of,
  to,
  unit: "ratio",
  about: `${of} per ${to}`,
});

/** A customer whose card is misused spends several times as much for two weeks. */
export const CUSTOMER: readonly FeatureInput[] = [
  ...[1, 7, 30].map((n) => count("payments", PAID, n)),
  ...[1, 7, 14, 30, 90].map((n) => amount("mean", n)),
  ...[1, 7, 14, 30, 90].map((n) => amount("maximum", n)),
  ratio("largest_of_1d", "amount_maximum_1d", "amount_mean_90d"),
  ratio("largest_of_7d", "amount_maximum_7d", "amount_mean_90d"),
  ratio("largest_of_14d", "amount_maximum_14d", "amount_mean_90d"),
  ratio("mean_of_7d", "amount_mean_7d", "amount_mean_90d"),
  ratio("mean_of_14d", "amount_mean_14d", "amount_mean_90d"),
];

/** All payments at a terminal that is tampered with are frauds for four weeks; each is reported a week later. */
export const TERMINAL = EntityKind.parse({
  name: "terminal",
  from: "terminal_id",
  features: [
    ...[1, 7, 30].map((n) => count("payments", PAID, n)),
    ...[1, 2, 4, 7, 14, 21, 28].map((n) => count("payments", PAID, n, 7)),
    ...[1, 2, 4, 7, 14, 21, 28].map((n) => count("reports", REPORTED, n)),
    ...[1, 2, 4, 7, 14, 28].map((n) => ratio(`risk_${days(n)}`, `reports_${days(n)}`, `payments_${days(n, 7)}`)),
    { name: "days_since_report", kind: "recency", event: REPORTED, about: "days since a fraud was reported" },
    amount("mean", 30),
  ],
});

export const RECIPE = Recipe.parse({
  name: "card-fraud",
  about: "is reported as fraud within a week",
  positive: "is fraud",
  target: { kind: "event-becomes", event: PAID, outcome: REPORTED, on: "transaction_id", days: 7 },
  fields: { amount: "number" },
  ratios: {
    amount: ["amount_mean_7d", "amount_mean_30d", "amount_mean_90d", "amount_maximum_30d", "amount_maximum_90d"],
  },
});
