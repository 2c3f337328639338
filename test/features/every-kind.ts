import { type FeatureInput, parseCatalogue } from "../../src/features/declaration.ts";

const about = "what the kind says";
const ORDERED = "Order Completed";
const VIEWED = "Product Viewed";
const days = (days: number, ago = 0) => ({ days, ago });

type Wordless<F> = F extends unknown ? Omit<F, "about"> : never;

const declared: Wordless<FeatureInput>[] = [
  { name: "orders_30d_7d_ago", kind: "count", event: ORDERED, window: days(30, 7) },
  { name: "orders_30d", kind: "count", event: ORDERED, window: { days: 30 } },
  { name: "all_1d", kind: "count", window: { days: 1 } },
  { name: "all_1h", kind: "count", window: { hours: 1 } },
  { name: "all_3h_2h_ago", kind: "count", window: { hours: 3, ago: 2 } },
  { name: "spent_90d_10d_ago", kind: "sum", event: ORDERED, value: "revenue", window: days(90, 10) },
  { name: "spent_6h", kind: "sum", event: ORDERED, value: "revenue", window: { hours: 6 } },
  { name: "mean_200d_100d_ago", kind: "mean", event: ORDERED, value: "revenue", window: days(200, 100) },
  { name: "least_60d", kind: "minimum", event: ORDERED, value: "revenue", window: days(60) },
  { name: "least_5h", kind: "minimum", event: ORDERED, value: "revenue", window: { hours: 5 } },
  { name: "most_60d_5d_ago", kind: "maximum", event: ORDERED, value: "revenue", window: days(60, 5) },
  { name: "spread_400d", kind: "spread", event: ORDERED, value: "revenue", window: days(400) },
  { name: "hot", kind: "decay", halfLife: "hot" },
  { name: "warm_orders", kind: "decay", event: ORDERED, halfLife: "warm" },
  { name: "cold_spent", kind: "decay", event: ORDERED, value: "revenue", halfLife: "cold" },
  { name: "fresh", kind: "decay", halfLife: { hours: 3 } },
  { name: "half_month", kind: "decay", event: VIEWED, halfLife: { days: 14.5 } },
  { name: "regular_400d", kind: "regularity", window: days(400) },
  { name: "regular_orders_90d", kind: "regularity", event: ORDERED, window: days(90) },
  { name: "gap_100d_20d_ago", kind: "gap", window: days(100, 20) },
  { name: "active_20d_3d_ago", kind: "active-days", window: days(20, 3) },
  { name: "days_in_row", kind: "streak", of: "days" },
  { name: "weeks_in_row", kind: "streak", of: "weeks" },
  { name: "order_weeks", kind: "streak", event: ORDERED, of: "weeks" },
  { name: "new_categories_30d", kind: "new-values", event: VIEWED, by: "category", window: days(30) },
  { name: "new_categories_30d_60d_ago", kind: "new-values", event: VIEWED, by: "category", window: days(30, 60) },
  { name: "since_category", kind: "days-since-value", event: VIEWED, by: "category" },
  { name: "categories_40d_4d_ago", kind: "distinct", event: VIEWED, by: "category", window: days(40, 4) },
  { name: "favourite_40d_4d_ago", kind: "favourite", event: VIEWED, by: "category", window: days(40, 4) },
  { name: "most_bought", kind: "affinity", event: ORDERED, by: "category", window: days(400) },
  { name: "share_of_books", kind: "affinity", event: VIEWED, by: "category", of: "books", window: days(90) },
  { name: "share_of_this_category", kind: "value-share", event: VIEWED, by: "category", window: days(60, 2) },
  { name: "mixed_categories", kind: "entropy", event: VIEWED, by: "category", window: days(90, 1) },
  { name: "at_night", kind: "hour-profile", window: days(90), read: { from: 22, until: 6 }, utcOffset: 2 },
  { name: "at_work", kind: "hour-profile", event: VIEWED, window: days(30, 2), read: { from: 9, until: 17 } },
  { name: "favourite_hour", kind: "hour-profile", window: days(60), read: "favourite", utcOffset: -5 },
  { name: "mixed_hours", kind: "hour-profile", window: days(90), read: "entropy" },
  { name: "weekend", kind: "weekday-profile", window: days(90), read: ["Saturday", "Sunday"] },
  { name: "favourite_weekday", kind: "weekday-profile", event: ORDERED, window: days(400), read: "favourite" },
  { name: "mixed_weekdays", kind: "weekday-profile", window: days(100, 7), read: "entropy" },
  {
    name: "path_30d",
    kind: "path",
    window: days(30),
    stages: [
      { name: "attention", events: ["Newsletter Opened"] },
      { name: "interest", events: [VIEWED, "Product Added"] },
      { name: "purchase", events: [ORDERED] },
    ],
  },
  {
    name: "path_place_12h",
    kind: "path",
    as: "number",
    window: { hours: 12 },
    stages: [
      { name: "interest", events: [VIEWED] },
      { name: "purchase", events: [ORDERED, "Order Refunded"] },
    ],
  },
  { name: "order_share", kind: "ratio", of: "orders_30d", to: "orders_30d_7d_ago" },
  { name: "order_trend", kind: "difference", of: "orders_30d", minus: "orders_30d_7d_ago" },
  { name: "first_category", kind: "first-value", event: VIEWED, property: "category", as: "category" },
  { name: "first_amount", kind: "first-value", event: ORDERED, property: "revenue", as: "number" },
  { name: "last_category", kind: "last-value", event: VIEWED, property: "category", as: "category" },
  { name: "last_amount", kind: "last-value", event: ORDERED, property: "revenue", as: "number" },
  { name: "month", kind: "calendar", of: "month" },
  { name: "day_of_year", kind: "calendar", of: "day-of-year" },
  { name: "day_of_month", kind: "calendar", of: "day-of-month" },
  { name: "weekday", kind: "calendar", of: "weekday" },
  { name: "hour", kind: "calendar", of: "hour" },
];

/** Every kind of feature with its ways of reading, windows of hours, of days and with an offset. */
export const EVERY_KIND = parseCatalogue(declared.map((feature) => ({ ...feature, about })));
