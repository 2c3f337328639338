import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducers, type Reducers } from "../../src/features/reducers.ts";

const DAY = 86_400_000;

const features = [
  { name: "payments_30d", kind: "count", event: "Order Completed", window: { days: 30 }, about: "payments" },
  {
    name: "spent_400d",
    kind: "sum",
    event: "Order Completed",
    value: "revenue",
    window: { days: 400 },
    about: "money taken",
  },
] as const;

/** The default catalogue for users; two kinds of second entity that events name. */
export const soakReducers = (): Reducers =>
  createReducers(DEFAULT_FEATURES, [
    { name: "terminal", from: "terminal", features: features.map((one) => ({ ...one, unit: "payments" })) },
    { name: "card", from: "card", features: features.map((one) => ({ ...one, unit: "payments" })).slice(0, 1) },
  ] as never);

export const SOAK = { partitions: 4, knownIdsMs: 7 * DAY, flushMs: 400, flushRows: 5_000 } as const;
