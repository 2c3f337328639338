import fc from "fast-check";
import { expect, test } from "vitest";
import type { Reducer, Row, State } from "../../src/features/feature.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { DAY_MS } from "../../src/features/window.ts";
import { EVERY_KIND } from "./every-kind.ts";
import { type Happening, historyUntil, NOON } from "./history.ts";

const reducer = createReducer(EVERY_KIND);
/** What is derived is declared with what it is made from. */
const alone: readonly Reducer[] = EVERY_KIND.map((feature) => {
  const parts =
    feature.kind === "ratio"
      ? [feature.of, feature.to]
      : feature.kind === "difference"
        ? [feature.of, feature.minus]
        : [];
  return createReducer([...EVERY_KIND.filter(({ name }) => parts.includes(name)), feature]);
});

const replay = (history: readonly Happening[], by: Reducer): State => {
  const state = by.empty();
  for (const event of history) by.write(state, event);
  return state;
};
const plain = ({ numbers, texts }: Row) => [...numbers, ...texts];
const moments = fc.array(fc.integer({ min: -430 * 24, max: 100 * 24 }), { minLength: 1, maxLength: 6 });
const inFlight = fc
  .constantFrom("Product Viewed", "Order Completed")
  .chain((name) =>
    fc.constantFrom("shoes", "books", "never seen").map((category) => ({ name, properties: { category } })),
  );

test("a reading is the same to the bit whatever was read before it", () => {
  fc.assert(
    fc.property(historyUntil(NOON), historyUntil(NOON), moments, inFlight, (history, other, hours, event) => {
      const states = [replay(history, reducer), replay(other, reducer)];
      for (const hour of hours)
        for (const state of states) {
          const now = NOON + hour * 3_600_000;
          const unread = createReducer(EVERY_KIND);
          const again = unread.read(unread.decode(reducer.encode(state)), now, undefined, event);
          expect(plain(reducer.read(state, now, undefined, event))).toEqual(plain(again));
        }
    }),
    { numRuns: 30 },
  );
});

test("a feature reads the same to the bit alone as among all others", () => {
  const numbers = reducer.features.filter(({ type }) => type === "number").map(({ name }) => name);
  const texts = reducer.features.filter(({ type }) => type === "category").map(({ name }) => name);
  fc.assert(
    fc.property(historyUntil(NOON), inFlight, fc.integer({ min: -20, max: 60 }), (history, event, days) => {
      const now = NOON + days * DAY_MS;
      const all = reducer.read(replay(history, reducer), now, undefined, event);
      if (history.every(({ at }) => at > now)) return;
      EVERY_KIND.forEach(({ name }, i) => {
        const row = alone[i].read(replay(history, alone[i]), now, undefined, event);
        const found = texts.includes(name) ? row.texts[0] : row.numbers[row.numbers.length - 1];
        expect(found, name).toBe(
          texts.includes(name) ? all.texts[texts.indexOf(name)] : all.numbers[numbers.indexOf(name)],
        );
      });
    }),
    { numRuns: 40 },
  );
});

test("a row that was filled before keeps nothing of it", () => {
  const [order, visit] = ["Order Completed", "Product Viewed"].map((name) => ({
    name,
    at: NOON,
    properties: { revenue: 20, category: "shoes" },
  }));
  const row = reducer.read(replay([order, visit], reducer), NOON);
  const visited = replay([visit], reducer);
  expect(plain(reducer.read(visited, NOON, row))).toEqual(plain(reducer.read(visited, NOON)));
  const at = (name: string) =>
    row.numbers[reducer.features.filter(({ type }) => type === "number").findIndex((face) => face.name === name)];
  expect([at("orders_30d"), at("spent_6h"), at("mean_200d_100d_ago")]).toEqual([0, 0, Number.NaN]);
});
