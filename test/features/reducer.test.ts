import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom, permutation } from "../../models/random.ts";
import type { Property } from "../../src/events/event.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import type { Row, State } from "../../src/features/feature.ts";
import { readingOf } from "../../src/features/reading.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { DAY_MS } from "../../src/features/window.ts";
import { expectAlike } from "./alike.ts";
import { type Happening, historyUntil, NOON } from "./history.ts";
import { oracle } from "./oracle.ts";

const reducer = createReducer(DEFAULT_FEATURES);
const HOUR = 3_600_000;

const replay = (history: readonly Happening[], by = reducer): State => {
  const state = by.empty();
  for (const event of history) by.write(state, event);
  return state;
};
const bytes = (history: readonly Happening[]) => Buffer.from(reducer.encode(replay(history))).toString("hex");
const at = (state: State, now: number, by = reducer): Map<string, Property> =>
  new Map(readingOf(by.features, by.read(state, now)));
const plain = (row: Row) => ({ numbers: [...row.numbers], texts: [...row.texts] });
const order = (ago: number, revenue: Property): Happening => ({
  name: "Order Completed",
  at: NOON - ago,
  properties: { revenue },
});
const event = (name: string, ago: number, properties: Record<string, Property> = {}): Happening => ({
  name,
  at: NOON - ago,
  properties,
});
const shuffled = <A>(list: readonly A[], seed: number): A[] =>
  [...permutation(list.length, createRandom(seed))].map((i) => list[i]);

test("what is read equals what the raw events say", () => {
  fc.assert(
    fc.property(historyUntil(NOON), fc.integer({ min: 0, max: 90 }), (history, minutes) => {
      // Read up to an hour and a half after the newest possible event: nothing has been pruned that a window wants.
      const now = NOON + minutes * 60_000;
      const said = oracle(DEFAULT_FEATURES, history, now);
      const read = at(replay(history), now);
      // Beyond 32 devices the number of devices is an estimate; its own test is below.
      const devices = new Set(history.map((e) => e.properties.device)).size;
      if (devices > 30) for (const answers of [said, read]) answers.delete("devices_90d");
      expectAlike(read, said);
    }),
    { numRuns: 400 },
  );
});

test("any order of the same events ends in the same bytes", () => {
  fc.assert(
    fc.property(historyUntil(NOON), fc.integer(), (history, seed) => {
      expect(bytes(shuffled(history, seed))).toBe(bytes(history));
    }),
    { numRuns: 400 },
  );
});

test("any order ends in the same bytes when there are more values than are kept and days fall out of sight", () => {
  const visit = fc.record({ device: fc.integer({ min: 0, max: 90 }), day: fc.integer({ min: 0, max: 600 }) });
  fc.assert(
    fc.property(fc.array(visit, { minLength: 40, maxLength: 150 }), fc.integer(), (visits, seed) => {
      const history = visits.map(({ device, day }) => event("Logged In", day * DAY_MS, { device: `d${device}` }));
      expect(bytes(shuffled(history, seed))).toBe(bytes(history));
      const once = reducer.encode(replay(history));
      expect(reducer.encode(reducer.decode(once))).toEqual(once);
    }),
    { numRuns: 60 },
  );
});

test("encoding and decoding on the way changes nothing, wherever it is done", () => {
  fc.assert(
    fc.property(historyUntil(NOON), fc.nat(), (history, cut) => {
      const half = history.length === 0 ? 0 : cut % history.length;
      const woken = reducer.decode(reducer.encode(replay(history.slice(0, half))));
      for (const event of history.slice(half)) reducer.write(woken, event);
      expect(Buffer.from(reducer.encode(woken)).toString("hex")).toBe(bytes(history));
      expect(plain(reducer.read(reducer.decode(reducer.encode(woken)), NOON))).toEqual(
        plain(reducer.read(replay(history), NOON)),
      );
    }),
    { numRuns: 200 },
  );
});

test("a state that was emptied is filled and read as a new one is, whatever was in it", () => {
  fc.assert(
    fc.property(historyUntil(NOON), historyUntil(NOON), (spent, history) => {
      const state = reducer.empty(replay(spent));
      expect(plain(reducer.read(state, NOON))).toEqual(plain(reducer.read(reducer.empty(), NOON)));
      for (const event of history) reducer.write(state, event);
      expect(Buffer.from(reducer.encode(state)).toString("hex")).toBe(bytes(history));
      expect(plain(reducer.read(state, NOON))).toEqual(plain(reducer.read(replay(history), NOON)));
    }),
    { numRuns: 200 },
  );
});

test("a state decoded into a spent one is written to and encoded as one that was decoded anew", () => {
  fc.assert(
    fc.property(historyUntil(NOON), historyUntil(NOON), historyUntil(NOON), (spent, history, news) => {
      const stored = reducer.encode(replay(history));
      const [again, anew] = [reducer.decode(stored, replay(spent)), reducer.decode(stored)];
      for (const state of [again, anew]) for (const event of news) reducer.write(state, event);
      expect(reducer.encode(again)).toEqual(reducer.encode(anew));
      expect(plain(reducer.read(again, NOON))).toEqual(plain(reducer.read(anew, NOON)));
    }),
    { numRuns: 200 },
  );
});

test("reading never sees what happened on later days", () => {
  const recencies = ["days_since_order", "days_since_seen"];
  fc.assert(
    fc.property(historyUntil(NOON, 40), historyUntil(NOON, 15), (past, other) => {
      // Up to 40 minutes past midnight, so that the slots of the last 24 hours before noon are whole.
      const evening = NOON + 11 * HOUR + 50 * 60_000;
      const before = past.map((e) => ({ ...e, at: e.at + 11 * HOUR + 50 * 60_000 }));
      const later = other.map((e, i) => ({ ...e, at: evening + 10 * 60_000 + (i % 3) * 10 * 60_000 }));
      const alone = at(replay(before), evening);
      const both = at(replay(shuffled([...before, ...later], 3)), evening);
      // A trait set again later is unknown until then; a last time that lies ahead falls back on its day.
      for (const answers of [alone, both]) for (const trait of ["age", "city"]) answers.delete(trait);
      for (const name of recencies) {
        const [a, b] = [alone.get(name), both.get(name)];
        if (typeof a === "number" && typeof b === "number") expect(Math.floor(b - a)).toBe(0);
        else if (later.length > 0 && typeof a === "number") expect(a).toBeGreaterThanOrEqual(400);
        for (const answers of [alone, both]) answers.delete(name);
      }
      for (const answers of [alone, both]) answers.delete("order_overdue");
      if (new Set([...before, ...later].map((e) => e.properties.device)).size > 30)
        for (const answers of [alone, both]) answers.delete("devices_90d");
      expect(both).toEqual(alone);
    }),
    { numRuns: 200 },
  );
});

test("reading changes neither the state nor, for the same moment, the answer", () => {
  fc.assert(
    fc.property(historyUntil(NOON), (history) => {
      const state = replay(history);
      const before = Buffer.from(reducer.encode(state));
      const first = plain(reducer.read(state, NOON));
      reducer.read(replay([order(0, 5)]), NOON + DAY_MS);
      expect(plain(reducer.read(state, NOON))).toEqual(first);
      expect(Buffer.from(reducer.encode(state)).equals(before)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("a given row is filled and handed back", () => {
  const row = reducer.read(reducer.empty(), NOON);
  const state = replay([order(HOUR, 20)]);
  expect(reducer.read(state, NOON, row)).toBe(row);
  expect(plain(row)).toEqual(plain(reducer.read(state, NOON)));
});

test("an entity nobody knows has nothing to say: NaN, not 0", () => {
  const { numbers, texts } = reducer.read(reducer.empty(), NOON);
  expect([...numbers]).toEqual(numbers.length === 0 ? [] : Array(numbers.length).fill(Number.NaN));
  expect(texts).toEqual(Array(texts.length).fill(undefined));
  expect(at(replay([order(0, 20)]), NOON - 1).size).toBe(0);
});

test("a known entity has counts of 0, but no time since what never happened", () => {
  const read = at(replay([event("Newsletter Opened", 2 * DAY_MS)]), NOON);
  expect(read.get("orders_90d")).toBe(0);
  expect(read.get("spent_90d")).toBe(0);
  expect(read.get("categories_90d")).toBe(0);
  expect(read.get("active_days_30d")).toBe(1);
  expect(read.get("days_since_seen")).toBe(2);
  for (const silent of [
    "days_since_order",
    "average_order_400d",
    "order_gap",
    "favourite_category",
    "refund_share",
    "age",
  ])
    expect(read.has(silent)).toBe(false);
});

test("three orders, by hand", () => {
  // 30 at noon today, 10.10 and 19.90 on one day ten days ago, a refund, a broken amount and a chargeback.
  const read = at(
    replay([
      order(0, 30),
      order(10 * DAY_MS, 10.1),
      order(10 * DAY_MS + HOUR, 19.9),
      order(100 * DAY_MS, "12"),
      event("Order Refunded", DAY_MS, { revenue: 19.9 }),
      event("Chargeback Received", 0, {}),
    ]),
    NOON + 6 * HOUR,
  );
  expect(Object.fromEntries([...read].filter(([name]) => /order|spent|refund|charge/.test(name)))).toEqual({
    orders_24h: 1,
    orders_7d: 1,
    orders_30d: 3,
    orders_90d: 3,
    orders_400d: 4,
    orders_cold: expect.closeTo(1 + 2 * 2 ** (-10 / 90) + 2 ** (-100 / 90), 12),
    orders_90d_before: 1,
    orders_trend: 2,
    spent_90d: 60,
    spent_400d: 60,
    spent_cold: expect.closeTo(30 + 30 * 2 ** (-10 / 90), 12),
    average_order_400d: 20,
    largest_order_400d: 30,
    days_since_order: 0.25,
    order_gap: 50,
    // gaps of 90 and 10 days: mean 50, standard deviation 40
    order_regularity: expect.closeTo(1 / (1 + 40 / 50), 12),
    order_overdue: 0.005,
    refunds_400d: 1,
    refund_share: 0.25,
    chargebacks_400d: 1,
  });
});

test("a day window holds whole UTC days, today among them", () => {
  const midnight = NOON - 12 * HOUR;
  const state = replay([
    event("Products Searched", NOON - (midnight - 6 * DAY_MS)),
    event("Products Searched", NOON - (midnight - 6 * DAY_MS - 1)),
  ]);
  expect(at(state, NOON).get("searches_7d")).toBe(1);
  expect(at(state, midnight - 1).get("searches_7d")).toBe(2);
});

test("an hour window holds five-minute slots, this one among them", () => {
  const state = replay([event("Logged In", 24 * HOUR), event("Logged In", 24 * HOUR - 300_000), event("Logged In", 1)]);
  expect(at(state, NOON).get("logins_24h")).toBe(2);
  expect(at(state, NOON + 299_999).get("logins_24h")).toBe(2);
  expect(at(state, NOON + 300_000).get("logins_24h")).toBe(1);
});

test("of two traits at one moment the larger counts, whatever came first", () => {
  const set = (age: number, city: string) => event("$identify", DAY_MS, { age, city });
  for (const history of [
    [set(40, "Bern"), set(30, "Wien")],
    [set(30, "Wien"), set(40, "Bern")],
  ]) {
    const read = at(replay(history), NOON);
    expect(read.get("age")).toBe(40);
    expect(read.get("city")).toBe("Wien");
  }
});

test("more values than are kept are estimated, within what 32 hashes allow", () => {
  const logins = Array.from({ length: 2_000 }, (_, i) =>
    event("Logged In", (i % 80) * DAY_MS, { device: `device ${i}` }),
  );
  const devices = at(replay(logins), NOON).get("devices_90d");
  // The relative error of 32 hashes is about 18 %.
  expect(devices).toBeGreaterThan(2_000 * 0.5);
  expect(devices).toBeLessThan(2_000 * 1.5);
  const none = at(replay(logins), NOON + 200 * DAY_MS).get("devices_90d");
  expect(none).toBe(0);
});

test("names and properties of JavaScript's own do no harm", () => {
  const own = createReducer([
    { name: "odd_names", kind: "count", event: "__proto__", window: { days: 7 }, about: "odd events" },
    { name: "odd_sums", kind: "sum", event: "constructor", value: "valueOf", window: { days: 7 }, about: "odd sums" },
    {
      name: "odd_values",
      kind: "favourite",
      event: "constructor",
      by: "toString",
      window: { days: 7 },
      about: "odd values",
    },
  ]);
  const state = replay([event("__proto__", 0), event("constructor", 0), event("toString", 0)], own);
  expect(at(state, NOON, own)).toEqual(
    new Map<string, Property>([
      ["odd_names", 1],
      ["odd_sums", 0],
    ]),
  );
});

test("sums are the same in any order even where they wrap around", () => {
  const amounts = [4e11, 4e11, -4e11, 3e11, 0.0001, 4e11, -1];
  const sum = (seed: number) => bytes(shuffled(amounts, seed).map((revenue) => order(HOUR, revenue)));
  expect(new Set([1, 2, 3, 4, 5, 6].map(sum)).size).toBe(1);
});

/** So many events of a customer of a shop, spread over so many days, in the order of time. */
function shopping(events: number, days: number, seed: number): Happening[] {
  const random = createRandom(seed);
  const names = [
    "Product Viewed",
    "Product Viewed",
    "Products Searched",
    "Product Added",
    "Order Completed",
    "Logged In",
  ];
  const times = Array.from({ length: events }, () => NOON + Math.floor(random.next() * days * DAY_MS));
  return times
    .sort((a, b) => a - b)
    .map((at) => ({
      name: names[random.below(names.length)],
      at,
      properties: {
        category: ["shoes", "books", "toys", "wine", "garden"][random.below(5)],
        device: `device ${random.below(3)}`,
        revenue: random.below(99_999) / 100,
      },
    }));
}

test("a state takes few bytes: some 150 for 20 events in a month, some 800 for 200 in a year", () => {
  const bytesOf = (events: number, days: number) =>
    Array.from({ length: 20 }, (_, seed) => reducer.encode(replay(shopping(events, days, seed))).length);
  // with 8 bytes an event for the known ids and some 100 for Redis this stays below 600 and 3,000
  expect(Math.max(...bytesOf(20, 30))).toBeLessThan(220);
  expect(Math.max(...bytesOf(200, 365))).toBeLessThan(1_200);
});

test("a state stays bounded, however busy its entity", () => {
  const state = reducer.empty();
  const random = createRandom(5);
  const busy = (events: number, days: number, from: number) => {
    for (let i = 0; i < events; i++) {
      const name = ["Product Viewed", "Product Added", "Order Completed", "Logged In"][random.below(4)];
      const properties = {
        category: `c${random.below(500)}`,
        device: `d${random.below(500)}`,
        revenue: random.below(9_999) / 100,
      };
      reducer.write(state, { name, at: NOON + from * DAY_MS + Math.floor((i / events) * days * DAY_MS), properties });
    }
    return reducer.encode(state).length;
  };
  const year = busy(60_000, 420, 0);
  expect(year).toBeLessThan(30_000);
  // a day of 100,000 events fills each slot of that day, and no more
  expect(busy(100_000, 1, 420) - year).toBeLessThan(300 * 4 * 4);
});

test("a state of another catalogue is refused", () => {
  const other = createReducer(DEFAULT_FEATURES.slice(0, 5));
  const bytes = other.encode(other.empty());
  expect(() => reducer.decode(bytes)).toThrow(expect.objectContaining({ code: "STATE_FROM_OTHER_CATALOGUE" }));
  expect(() => reducer.read(other.empty(), NOON)).toThrow(
    expect.objectContaining({ code: "STATE_FROM_OTHER_CATALOGUE" }),
  );
  expect(other.digest).not.toBe(reducer.digest);
});

test("damaged bytes are refused, wherever they are cut", () => {
  const whole = reducer.encode(
    replay([order(0, 30), event("Product Viewed", HOUR, { category: "shoes" }), event("$identify", 0, { age: 33 })]),
  );
  for (let length = 0; length < whole.length; length++)
    expect(() => reducer.decode(whole.slice(0, length))).toThrow(
      expect.objectContaining({ code: "STATE_FROM_OTHER_CATALOGUE" }),
    );
  expect(() => reducer.decode(Uint8Array.from([...whole, 0]))).toThrow(
    expect.objectContaining({ code: "STATE_FROM_OTHER_CATALOGUE" }),
  );
});

test("another wording of a feature keeps the states, another window does not", () => {
  const count = { name: "orders", kind: "count", event: "Order Completed", window: { days: 7 }, about: "orders" };
  const digest = (change: object) => createReducer([{ ...count, ...change }]).digest;
  expect(digest({ about: "orders of a week", unit: "orders" })).toBe(digest({}));
  expect(digest({ window: { days: 8 } })).not.toBe(digest({}));
});

test("declarations that do not hold together are all complained about at once", () => {
  const bad = [
    { name: "a", kind: "count", window: { days: 401 }, about: "too far back" },
    { name: "b", kind: "average", about: "no such kind" },
  ];
  expect(() => createReducer(bad)).toThrow(/0\]?\.window|window[\s\S]*kind/);
  const twice = { name: "a", kind: "recency", about: "seen" };
  const orphan = { name: "c", kind: "ratio", of: "a", to: "missing", about: "no such part" };
  expect(() => createReducer([twice, twice, orphan])).toThrow(/the name a is taken[\s\S]*missing/);
});
