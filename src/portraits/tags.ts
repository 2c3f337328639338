import { z } from "zod";
import { TagRule } from "./tag-rule.ts";

const declared: z.input<typeof TagRule>[] = [
  {
    name: "new customer",
    when: [
      { feature: "days_known", atMost: 30 },
      { feature: "orders_400d", atLeast: 1 },
    ],
    weight: 0.6,
    expiresDays: 30,
    because: "first seen within 30 days and has ordered",
  },
  {
    name: "frequent buyer",
    when: [{ feature: "orders_90d", atLeast: 4 }],
    weight: 0.9,
    expiresDays: 30,
    because: "ordered at least 4 times in 90 days",
  },
  {
    name: "big spender",
    when: [
      { feature: "orders_400d", atLeast: 2 },
      { feature: "average_order_400d", atLeast: 150 },
    ],
    weight: 0.9,
    expiresDays: 60,
    because: "orders are worth at least 150 on average",
  },
  {
    name: "cart abandoner",
    when: [
      { feature: "cart_adds_7d", atLeast: 2 },
      { feature: "orders_7d", atMost: 0 },
    ],
    weight: 0.7,
    expiresDays: 7,
    because: "put products into the cart within 7 days and ordered none",
  },
  {
    name: "window shopper",
    when: [
      { feature: "views_30d", atLeast: 15 },
      { feature: "orders_90d", atMost: 0 },
    ],
    weight: 0.5,
    expiresDays: 14,
    because: "viewed at least 15 products in 30 days and ordered nothing in 90",
  },
  {
    name: "explorer",
    when: [{ feature: "categories_90d", atLeast: 5 }],
    weight: 0.4,
    expiresDays: 30,
    because: "viewed at least 5 categories in 90 days",
  },
  {
    name: "at risk of leaving",
    when: [
      { feature: "orders_400d", atLeast: 2 },
      { feature: "days_since_seen", atLeast: 45 },
    ],
    weight: 0.8,
    expiresDays: 30,
    because: "has ordered before but was not seen for 45 days",
  },
  {
    name: "returns a lot",
    when: [
      { feature: "refunds_400d", atLeast: 2 },
      { feature: "refund_share", atLeast: 0.3 },
    ],
    weight: 0.7,
    expiresDays: 90,
    because: "had at least 2 refunds, for three orders in ten or more",
  },
  {
    name: "charged back",
    when: [{ feature: "chargebacks_400d", atLeast: 1 }],
    weight: 1,
    expiresDays: 180,
    because: "had a chargeback within 400 days",
  },
  {
    name: "many devices",
    when: [{ feature: "devices_90d", atLeast: 4 }],
    weight: 0.5,
    expiresDays: 30,
    because: "logged in from at least 4 devices in 90 days",
  },
  {
    name: "borrower in good standing",
    when: [
      { feature: "loans_400d", atLeast: 1 },
      { feature: "repaid_share", atLeast: 1 },
    ],
    weight: 0.8,
    expiresDays: 90,
    because: "repaid every loan of the last 400 days",
  },
  {
    name: "open loan",
    when: [
      { feature: "loans_400d", atLeast: 1 },
      { feature: "repaid_share", atMost: 0.999 },
    ],
    weight: 0.5,
    expiresDays: 30,
    because: "has taken more loans in 400 days than were repaid",
  },
];

/** What everyone is tagged by unless other rules are declared. */
export const DEFAULT_TAG_RULES: readonly TagRule[] = z.array(TagRule).parse(declared);
