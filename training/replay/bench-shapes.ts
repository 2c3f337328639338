import { createRandom } from "../../models/random.ts";
import type { Event, Property } from "../../src/events/event.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducers, type Reducers } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { CUSTOMER, RECIPE, TERMINAL } from "../datasets/fraud-handbook.ts";
import { handbookEvents, handbookMissing } from "./bench-handbook.ts";

/** A log, and what is learned from it. */
export interface Shape {
  readonly name: string;
  readonly goal: number;
  /** How many are drawn unless the command line says so; absent = as many as there are. */
  readonly events?: number;
  readonly recipe: Recipe;
  readonly reducers: Reducers;
  readonly log: (events: number) => AsyncIterable<Event> | Iterable<Event>;
  /** Why it cannot be read here. */
  readonly missing?: () => string | undefined;
}
interface Drawn {
  readonly user: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, Property>>;
}

const DAY = 86_400_000;
const FROM = Date.UTC(2025, 0, 1);

/** So many events at even steps through a year. */
const drawn = (draw: (random: ReturnType<typeof createRandom>, events: number) => Drawn) =>
  function* (events: number): Generator<Event> {
    const random = createRandom(7);
    const step = (360 * DAY) / events;
    for (let i = 0; i < events; i++) {
      const { user, name, properties } = draw(random, events);
      const at = Math.floor(FROM + i * step);
      yield { id: `m${i}`, entity: { kind: "user", id: user }, name, at, known: at, properties };
    }
  };

const GOODS = ["toys", "books", "shoes", "hats", "food"];
const SHOP = ["Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Order Completed", "Logged In"];
const order = (random: ReturnType<typeof createRandom>) => ({
  revenue: Math.round(random.next() * 10_000) / 100,
  category: GOODS[random.below(GOODS.length)],
  order_id: `o${random.below(1e9)}`,
});
const common = createReducers(DEFAULT_FEATURES);
const becomes = {
  kind: "event-becomes",
  event: "Order Completed",
  outcome: "Chargeback Received",
  on: "order_id",
  days: 1,
};

export const shapes: readonly Shape[] = [
  {
    name: "shop, a row per ten events",
    goal: 1_000_000,
    events: 5_000_000,
    reducers: common,
    recipe: Recipe.parse({
      name: "purchase",
      about: "buys",
      positive: "will buy",
      target: { kind: "event-within", event: "Order Completed", days: 30, everyDays: 180, activeDays: 90 },
    }),
    log: drawn((random, events) => ({
      user: `user-${random.below(events / 20)}`,
      name: SHOP[random.below(SHOP.length)],
      properties: order(random),
    })),
  },
  {
    name: "orders, a row per event",
    goal: 500_000,
    events: 5_000_000,
    reducers: common,
    recipe: Recipe.parse({
      name: "fraud",
      about: "is fraud",
      positive: "is fraud",
      target: becomes,
      fields: { revenue: "number" },
    }),
    log: drawn((random, events) => ({
      user: `user-${random.below(events / 20)}`,
      name: "Order Completed",
      properties: order(random),
    })),
  },
  {
    name: "payments, a row per event from customer and terminal",
    goal: 300_000,
    events: 2_000_000,
    reducers: createReducers(CUSTOMER, [TERMINAL]),
    recipe: RECIPE,
    log: drawn((random, events) => ({
      user: String(random.below(events / 350)),
      name: "Transaction",
      properties: {
        transaction_id: String(random.below(1e9)),
        terminal_id: String(random.below(events / 175)),
        amount: Math.round(random.next() * 20_000) / 100,
      },
    })),
  },
  {
    name: "the handbook's own log, a row per payment from customer and terminal",
    goal: 300_000,
    reducers: createReducers(CUSTOMER, [TERMINAL]),
    recipe: RECIPE,
    log: handbookEvents,
    missing: handbookMissing,
  },
];
