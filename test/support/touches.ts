import { createRandom } from "../../models/random.ts";
import type { Event } from "../../src/events/event.ts";
import { createReducers, type Reducers } from "../../src/features/reducers.ts";
import { anEvent, DAY, NOON } from "./events.ts";

const features = [
  {
    name: "payments_400d",
    kind: "count",
    event: "Payment",
    window: { days: 400 },
    about: "payments",
    unit: "payments",
  },
  {
    name: "spent_400d",
    kind: "sum",
    event: "Payment",
    value: "amount",
    window: { days: 400 },
    about: "money spent",
    unit: "currency",
  },
];

/** Users who pay at terminals with cards: both are read from the properties. */
export const payingReducers = (): Reducers =>
  createReducers(features, [
    { name: "terminal", from: "terminal", features },
    { name: "card", from: "card", features: features.slice(0, 1) },
  ] as never);

/** Payments of 30 users at 9 terminals with 20 cards; some ids come twice, some have no terminal, some are old. */
export function payments(count: number, seed: number): Event[] {
  const random = createRandom(seed);
  const events: Event[] = [];
  for (let i = 0; i < count; i++) {
    if (events.length > 0 && random.next() < 0.15) {
      events.push(events[Math.floor(random.next() * events.length)]);
      continue;
    }
    const user = Math.floor(random.next() * 30);
    const at = NOON - Math.floor(random.next() * 20) * DAY;
    events.push(
      anEvent({
        id: `p${seed}-${i}`,
        name: "Payment",
        // now and then something happens to a terminal itself
        entity: random.next() < 0.05 ? { kind: "terminal", id: String(user % 9) } : { kind: "user", id: `u${user}` },
        at,
        properties: {
          amount: Math.floor(random.next() * 10_000) / 100,
          ...(random.next() < 0.8 && { terminal: Math.floor(random.next() * 9) }),
          ...(random.next() < 0.5 && { card: `c${Math.floor(random.next() * 20)}` }),
        },
      }),
    );
  }
  return events;
}
