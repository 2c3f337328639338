import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom, permutation } from "../../models/random.ts";
import type { Property } from "../../src/events/event.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { eventsBehind } from "../../src/features/events-behind.ts";
import { KINDS } from "../../src/features/kinds.ts";
import { readingOf } from "../../src/features/reading.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { DAY_MS } from "../../src/features/window.ts";
import { expectAlike } from "./alike.ts";
import { EVERY_KIND } from "./every-kind.ts";
import { type Happening, historyUntil, NOON } from "./history.ts";
import { oracle } from "./oracle.ts";

const reducer = createReducer(EVERY_KIND);
const HOUR = 3_600_000;

function replay(history: readonly Happening[], by = reducer) {
  const state = by.empty();
  for (const event of history) by.write(state, event);
  return state;
}
const hex = (history: readonly Happening[]) => Buffer.from(reducer.encode(replay(history))).toString("hex");
const event = (name: string, ago: number, properties: Record<string, Property> = {}): Happening => ({
  name,
  at: NOON - ago,
  properties,
});

/** One feature over a history, now. */
function read(
  feature: object,
  history: readonly Happening[],
  inFlight?: Pick<Happening, "name" | "properties">,
): Property | undefined {
  const by = createReducer([{ name: "it", about: "it", ...feature }]);
  return readingOf(by.features, by.read(replay(history, by), NOON, undefined, inFlight)).get("it");
}

test("every kind there is stands in the catalogue of this test or in the default one", () => {
  const tried = new Set([...EVERY_KIND, ...DEFAULT_FEATURES].map(({ kind }) => kind));
  expect([...tried].sort()).toEqual(Object.keys(KINDS).sort());
});

test("what is read of any history equals what its raw events say", () => {
  const inFlight = fc.constantFrom("shoes", "books", "nothing").map((category) => ({
    name: "Product Viewed",
    properties: { category },
  }));
  fc.assert(
    fc.property(historyUntil(NOON), fc.integer({ min: 0, max: 59 }), inFlight, (history, minutes, event) => {
      // a state is exact for what reaches 400 days back from its newest event
      const now = Math.max(NOON - HOUR, ...history.map(({ at }) => at)) + minutes * 60_000;
      const recent = history.filter(({ at }) => now - at < 400 * DAY_MS);
      const row = reducer.read(replay(recent), now, undefined, event);
      expectAlike(readingOf(reducer.features, row), oracle(EVERY_KIND, recent, now, event));
    }),
    { numRuns: 300 },
  );
});

test("any order of the same events ends in the same bytes, and bytes read as the state did", () => {
  fc.assert(
    fc.property(historyUntil(NOON), fc.integer(), (history, seed) => {
      const shuffled = [...permutation(history.length, createRandom(seed))].map((i) => history[i]);
      const bytes = hex(history);
      expect(hex(shuffled)).toBe(bytes);
      const woken = reducer.decode(Buffer.from(bytes, "hex"));
      expect(Buffer.from(reducer.encode(woken)).toString("hex")).toBe(bytes);
      const [a, b] = [reducer.read(replay(shuffled), NOON), reducer.read(woken, NOON)];
      expect([...a.numbers, ...a.texts]).toEqual([...b.numbers, ...b.texts]);
    }),
    { numRuns: 200 },
  );
});

test("a feature names the events behind it, through those it is made of", () => {
  const behind = (name: string) => {
    const feature = EVERY_KIND.find((one) => one.name === name);
    return feature && eventsBehind(feature, EVERY_KIND);
  };
  expect(behind("order_share")).toEqual(["Order Completed"]);
  expect(behind("path_place_12h")).toEqual(["Product Viewed", "Order Completed", "Order Refunded"]);
  expect(behind("all_1d")).toEqual([]);
});

test("a window that ended seven days ago holds that day and those before it", () => {
  const orders = [6, 7, 36, 37].map((day) => event("Order Completed", day * DAY_MS));
  const window = { days: 30, ago: 7 };
  expect(read({ kind: "count", event: "Order Completed", window }, orders)).toBe(2);
});

test("frauds reported a week late are divided by the payments that they may be about", () => {
  const payments = Array.from({ length: 40 }, (_, day) => event("Paid", day * DAY_MS));
  const reports = [1, 5, 9].map((day) => event("Fraud Reported", day * DAY_MS));
  const by = createReducer([
    { name: "frauds", kind: "count", event: "Fraud Reported", window: { days: 30 }, about: "frauds known" },
    { name: "paid", kind: "count", event: "Paid", window: { days: 30, ago: 7 }, about: "payments" },
    { name: "share", kind: "ratio", of: "frauds", to: "paid", about: "share of frauds, as known by now" },
  ]);
  const reading = readingOf(by.features, by.read(replay([...payments, ...reports], by), NOON));
  expect(reading.get("share")).toBe(3 / 30);
});

test("a decay halves with its half-life", () => {
  const views = [0, 7, 14].map((day) => event("Product Viewed", day * DAY_MS));
  expect(read({ kind: "decay", event: "Product Viewed", halfLife: "warm" }, views)).toBe(1 + 1 / 2 + 1 / 4);
  const slots = [0, 3 * HOUR].map((ago) => event("Product Viewed", ago));
  expect(read({ kind: "decay", halfLife: { hours: 3 } }, slots)).toBe(1.5);
});

test("gaps of a clock are regular, those of a burst are not", () => {
  const on = (...days: number[]) => days.map((day) => event("Order Completed", day * DAY_MS));
  const regularity = { kind: "regularity", window: { days: 90 } };
  expect(read(regularity, on(30, 20, 10, 0))).toBe(1);
  // gaps of 1, 1 and 28 days: mean 10, deviation √162
  expect(read(regularity, on(30, 2, 1, 0))).toBeCloseTo(1 / (1 + Math.sqrt(162) / 10), 12);
  expect(read(regularity, on(30, 0))).toBeUndefined();
});

test("a streak may still wait for today, and ends with a day left out", () => {
  const on = (...days: number[]) => days.map((day) => event("Practised", day * DAY_MS));
  expect(read({ kind: "streak", of: "days" }, on(0, 1, 2, 4))).toBe(3);
  expect(read({ kind: "streak", of: "days" }, on(1, 2, 4))).toBe(2);
  expect(read({ kind: "streak", of: "days" }, on(2, 3))).toBe(0);
  // 1 June 2026 is a Monday: the days of this week, the last one and the one before
  expect(read({ kind: "streak", of: "weeks" }, on(0, 3, 13, 25))).toBe(3);
});

test("the spread is that of the days' totals", () => {
  const order = (day: number, revenue: number) => event("Order Completed", day * DAY_MS, { revenue });
  const spread = { kind: "spread", event: "Order Completed", value: "revenue", window: { days: 30 } };
  expect(read(spread, [order(1, 10), order(2, 5), order(2, 15)])).toBe(5);
  expect(read(spread, [order(1, 10)])).toBeUndefined();
});

test("a device never seen is new to the event that brings it, and missing rather than a number", () => {
  const login = (day: number, device: string) => event("Logged In", day * DAY_MS, { device });
  const since = { kind: "days-since-value", event: "Logged In", by: "device" };
  const seen = [login(9, "phone"), login(4, "phone"), login(2, "laptop")];
  const from = (device: string) => ({ name: "Logged In", properties: { device } });
  expect(read(since, seen, from("phone"))).toBe(4);
  expect(read(since, seen, from("stolen"))).toBeUndefined();
  expect(read(since, seen)).toBeUndefined();
  const fresh = { kind: "new-values", event: "Logged In", by: "device", window: { days: 7 } };
  expect(read(fresh, seen)).toBe(1);
});

test("shares, favourites and mixtures of hours, weekdays and categories", () => {
  // NOON is Monday, 1 June 2026, 12:00
  const views = [0, 0, 2 * HOUR, 24 * HOUR].map((ago, i) =>
    event("Product Viewed", ago, { category: i < 2 ? "books" : "toys" }),
  );
  const window = { days: 30 };
  expect(read({ kind: "hour-profile", window, read: { from: 10, until: 12 } }, views)).toBe(1 / 4);
  expect(read({ kind: "hour-profile", window, read: "favourite", utcOffset: 2 }, views)).toBe(14);
  expect(read({ kind: "weekday-profile", window, read: ["Sunday"] }, views)).toBe(1 / 4);
  expect(read({ kind: "weekday-profile", window, read: "favourite" }, views)).toBe("Monday");
  const by = { event: "Product Viewed", by: "category", window };
  expect(read({ kind: "entropy", ...by }, views)).toBe(1);
  expect(read({ kind: "affinity", ...by, of: "books" }, views)).toBe(0.5);
  expect(read({ kind: "affinity", ...by, of: "wine" }, views)).toBe(0);
});

test("the share of what the event in flight brings, whichever value that is", () => {
  const view = (day: number, category: string) => event("Product Viewed", day * DAY_MS, { category });
  const share = { kind: "value-share", event: "Product Viewed", by: "category", window: { days: 30 } };
  const seen = [view(1, "books"), view(2, "books"), view(3, "books"), view(9, "toys"), view(60, "wine")];
  const of = (category: string, name = "Product Viewed") => read(share, seen, { name, properties: { category } });
  expect([of("books"), of("toys"), of("wine"), of("hats")]).toEqual([0.75, 0.25, 0, 0]);
  expect(of("books", "Category Shown")).toBe(0.75); // whatever happens to be in flight
  expect(read(share, seen)).toBeUndefined();
  expect(read(share, seen, { name: "Product Viewed", properties: {} })).toBeUndefined();
  expect(read(share, [], { name: "Product Viewed", properties: { category: "books" } })).toBeUndefined();
});

test("a window beyond what is kept, and an amount without its event, are refused", () => {
  const window = { days: 390, ago: 11 };
  expect(() => read({ kind: "count", window }, [])).toThrow(/400 days at most/);
  expect(() => read({ kind: "hour-profile", window: { days: 91 }, read: "entropy" }, [])).toThrow(/90 days/);
  expect(() => read({ kind: "decay", value: "revenue", halfLife: "hot" }, [])).toThrow(/name it/);
});
