import type { Reading } from "../features/feature.ts";

export const INDEX_NAMES = ["activity", "interest", "demand", "loyalty", "value", "risk"] as const;
export type IndexName = (typeof INDEX_NAMES)[number];

/** Whole numbers from 0 to 100. An index is absent when the catalogue or the entity lacks what it is read from. */
export type Indexes = Readonly<Partial<Record<IndexName, number>>>;

interface IndexRule {
  readonly about: string;
  readonly needs: readonly string[];
  /** Features that may be missing because something never happened. */
  readonly mayLack?: readonly string[];
  readonly read: (feature: (name: string) => number) => number;
}

/** 0 at nothing, 50 at `half`, 100 at infinity. */
const fill = (amount: number, half: number) => (100 * amount) / (amount + half);
/** 1 now, one half after `days`. */
const fade = (ago: number, days: number) => 2 ** (-ago / days);

export const INDEX_RULES: Readonly<Record<IndexName, IndexRule>> = {
  activity: {
    about: "50 at 5 active days in the last 30, halved for every 30 days unseen",
    needs: ["active_days_30d", "days_since_seen"],
    read: (of) => fill(of("active_days_30d"), 5) * fade(of("days_since_seen"), 30),
  },
  interest: {
    about: "50 at 15 products viewed in the last 30 days",
    needs: ["views_30d"],
    read: (of) => fill(of("views_30d"), 15),
  },
  demand: {
    about: "50 at 2 products put into the cart in the last 7 days; a search counts half as much",
    needs: ["cart_adds_7d", "searches_7d"],
    read: (of) => fill(of("cart_adds_7d") + of("searches_7d") / 2, 2),
  },
  loyalty: {
    about: "50 at 4 orders in the last 400 days, halved for every 180 days since the last; 0 without an order",
    needs: ["orders_400d"],
    mayLack: ["days_since_order"],
    read: (of) => (of("orders_400d") === 0 ? 0 : fill(of("orders_400d"), 4) * fade(of("days_since_order"), 180)),
  },
  value: {
    about: "50 at 500 spent in the last 400 days",
    needs: ["spent_400d"],
    read: (of) => fill(Math.max(0, of("spent_400d")), 500),
  },
  risk: {
    about:
      "50 at 1 chargeback in the last 400 days; a refund, a device beyond the second or an open loan counts a quarter of it",
    needs: ["chargebacks_400d", "refunds_400d", "devices_90d", "loans_400d", "repaid_400d"],
    read: (of) => {
      const devices = Math.max(0, of("devices_90d") - 2);
      const open = Math.max(0, of("loans_400d") - of("repaid_400d"));
      return fill(of("chargebacks_400d") + (of("refunds_400d") + devices + open) / 4, 1);
    },
  },
};

export function readIndexes(reading: Reading, declared: ReadonlySet<string>): Indexes {
  const number = (name: string) => {
    const value = reading.get(name);
    return typeof value === "number" ? value : Number.NaN;
  };
  const indexes: Partial<Record<IndexName, number>> = {};
  for (const name of INDEX_NAMES) {
    const { needs, mayLack = [], read } = INDEX_RULES[name];
    if (![...needs, ...mayLack].every((feature) => declared.has(feature))) continue;
    const index = Math.round(read(number));
    if (!Number.isNaN(index)) indexes[name] = index;
  }
  return indexes;
}
