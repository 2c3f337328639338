import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoggedEvent } from "../../../src/events/event-log.ts";
import { oneReducer } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { type Replayed, replayDataset } from "../../../training/replay/replay-dataset.ts";
import { DAY, diaryReducer, did, lakeOf, MONDAY } from "./support.ts";

const purchase = Recipe.parse({
  name: "purchase",
  about: "orders within 10 days",
  positive: "will order",
  target: { kind: "event-within", event: "Order", days: 10, everyDays: 7, activeDays: 20 },
});
const fraud = Recipe.parse({
  name: "fraud",
  about: "charged back within 10 days",
  positive: "is fraud",
  target: { kind: "event-becomes", event: "Order", outcome: "Chargeback", on: "order_id", days: 10 },
  fields: { revenue: "number", payment: "category", gift: "boolean" },
});

/** Long before the rest, so that the log is old enough to say who was active; gone when the rest begins. */
const OLD = did("old", "View", -60);

const replay = (recipe: Recipe, events: readonly Omit<LoggedEvent, "position">[], until?: number) =>
  replayDataset({
    recipe,
    lake: lakeOf(events.length ? [OLD, ...events] : []),
    reducers: oneReducer(diaryReducer),
    until,
  });

/** Rows as a person would write them down: categories in words, missing left out, the moment in days after MONDAY. */
function readable({ data, entity, thing }: Replayed) {
  return Array.from({ length: data.rows }, (_, i) => {
    const row: Record<string, unknown> = { who: entity[i] };
    if (thing.length) row.thing = thing[i];
    row.day = ((data.time?.[i] ?? Number.NaN) - MONDAY) / DAY;
    row.label = data.label[i];
    data.columns.forEach((column, j) => {
      const value = data.values[j][i];
      if (!Number.isNaN(value)) row[column.name] = column.type === "category" ? column.categories[value] : value;
    });
    return row;
  });
}

describe("at spine moments", () => {
  test("a row sees what was known, its label what followed", async () => {
    const replayed = await replay(purchase, [
      did("ann", "View", 1.5, { category: "books" }),
      did("ann", "Order", 9.5, { category: "toys" }),
      did("ann", "View", 20),
      did("bob", "View", 2.25),
      did("zoe", "View", 27.5),
    ]);
    // the log ends on day 27.5; the last midnight with 10 days after it is day 17, before it 10 and 3
    expect(readable(replayed)).toEqual([
      { who: "ann", day: 3, label: 1, seen: 1, last: "books", quiet: 1.5 },
      { who: "ann", day: 10, label: 0, seen: 2, last: "toys", quiet: 0.5 },
      { who: "ann", day: 17, label: 0, seen: 2, last: "toys", quiet: 7.5 },
      { who: "bob", day: 3, label: 0, seen: 1, quiet: 0.75 },
      { who: "bob", day: 10, label: 0, seen: 1, quiet: 7.75 },
      { who: "bob", day: 17, label: 0, seen: 1, quiet: 14.75 },
    ]);
    expect(replayed.about).toMatchObject({
      rows: 6,
      positives: 1,
      entities: 2,
      events: 6,
      from: MONDAY - 60 * DAY,
      until: MONDAY + 27.5 * DAY,
      // on day 24 ann was there 4 days ago; bob was last there 21.75 days before
      immature: 1,
      constant: [],
    });
  });

  test("an event that arrives late is not seen before it arrives, and still counts for the label", async () => {
    const rows = readable(
      await replay(purchase, [
        did("ann", "View", 1),
        did("ann", "Order", 2, {}, 11), // happened on day 2, known on day 11
        did("ann", "Order", 12, {}, 23), // within 10 days of day 3 and 10, known after both horizons
        did("zoe", "View", 27),
      ]),
    );
    expect(rows.filter((row) => row.who === "ann")).toEqual([
      { who: "ann", day: 3, label: 1, seen: 1, quiet: 2 },
      { who: "ann", day: 10, label: 1, seen: 1, quiet: 9 },
      { who: "ann", day: 17, label: 0, seen: 2, quiet: 15 },
    ]);
  });

  test("what happens at the very moment belongs to the past, what happens at the very end to the label", async () => {
    const label = async (day: number) => {
      const rows = readable(
        await replay(purchase, [did("ann", "View", 0.5), did("ann", "Order", day), did("zoe", "View", 17)]),
      );
      const row = rows.find((one) => one.who === "ann" && one.day === 7);
      return { seen: row?.seen, label: row?.label };
    };
    expect(await label(7)).toEqual({ seen: 2, label: 0 });
    expect(await label(7.001)).toEqual({ seen: 1, label: 1 });
    expect(await label(17)).toEqual({ seen: 1, label: 1 });
    expect(await label(17.001)).toEqual({ seen: 1, label: 0 });
  });

  test("who was quiet for longer than the active days is not asked about", async () => {
    const rows = readable(await replay(purchase, [did("ann", "View", 3), did("zoe", "View", 41)]));
    // moments: 3, 10, 17, 24, 31; on day 24 ann's view is 21 days ago
    expect(rows.filter((row) => row.who === "ann").map((row) => row.day)).toEqual([3, 10, 17]);
  });

  test("fields of an event in flight are refused where no event is in flight", async () => {
    await expect(replay({ ...purchase, fields: { revenue: "number" } }, [])).rejects.toMatchObject({
      code: "RECIPE_INVALID",
    });
  });
});

test("rows of a log too young to say who was active are counted, not taken", async () => {
  const { data, about } = await replayDataset({
    recipe: purchase,
    reducers: oneReducer(diaryReducer),
    // ann is there from day 0 on; moments 6, 13, … 90, of which 6 and 13 come before the log is 20 days old
    lake: lakeOf([0, 10, 30, 100].map((day) => did("ann", "View", day))),
  });
  expect(about.early).toBe(2);
  expect(((data.time?.[0] ?? Number.NaN) - MONDAY) / DAY).toBe(20);
});

describe("at events", () => {
  const bought = (who: string, id: string | undefined, day: number, more = {}) =>
    did(who, "Order", day, { ...(id === undefined ? {} : { order_id: id }), ...more });
  const back = (who: string, id: string, day: number) => did(who, "Chargeback", day, { order_id: id });

  test("the row is read just before the event, with the event's own fields", async () => {
    const replayed = await replay(fraud, [
      did("ann", "View", 1, { category: "toys" }),
      bought("ann", "a1", 2, { revenue: 20, payment: "card", gift: true }),
      bought("ann", "a2", 3, { revenue: 9.5, payment: 7 }),
      back("ann", "a1", 8),
      did("zoe", "View", 30),
    ]);
    expect(readable(replayed)).toEqual([
      // biome-ignore format: a row a line
      { who: "ann", thing: "a1", day: 2, label: 1, seen: 1, quiet: 1, last: "toys", "event.revenue": 20, "event.payment": "card", "event.gift": 1 },
      { who: "ann", thing: "a2", day: 3, label: 0, seen: 2, quiet: 1, last: "toys", "event.revenue": 9.5 },
    ]);
    expect(replayed.about).toMatchObject({ rows: 2, positives: 1, immature: 0, unnamed: 0, foretold: 0 });
  });

  test("the outcome counts for the same thing only, and only within its days", async () => {
    const { data } = await replay(fraud, [
      bought("ann", "a1", 1),
      bought("ann", "a2", 1),
      bought("bob", "a3", 1), // bob's order
      back("ann", "a3", 2), // but ann's chargeback
      back("ann", "a1", 11), // 10 days later: within
      back("ann", "a2", 11.01), // a moment too late
      did("zoe", "View", 30),
    ]);
    expect([...data.label]).toEqual([1, 0, 0]);
  });

  test("an order whose days are not over, without an id, or charged back before it was known gives no row", async () => {
    const { about } = await replay(fraud, [
      bought("ann", undefined, 1),
      did("ann", "Order", 2, { order_id: "a2" }, 9),
      did("ann", "Chargeback", 8, { order_id: "a2" }),
      bought("ann", "a3", 20.5),
      back("ann", "a3", 21), // known already, and still not used: its quick outcome would count too often
      did("zoe", "View", 30),
    ]);
    expect(about).toMatchObject({ rows: 0, unnamed: 1, foretold: 1, immature: 1 });
  });

  test("of two events known at the same moment, the one logged first is seen by the second", async () => {
    const rows = readable(
      await replay(fraud, [
        bought("ann", "a1", 1),
        bought("ann", "a2", 1),
        did("ann", "View", 1),
        did("zoe", "View", 30),
      ]),
    );
    expect(rows.map((row) => row.seen)).toEqual([0, 1]);
  });
});

test("a feature that the catalogue lacks is named", async () => {
  await expect(replay({ ...purchase, features: ["seen", "mood"] }, [])).rejects.toThrow(/wants mood/);
});

test("chosen features only, in the catalogue's order", async () => {
  const { data } = await replay({ ...purchase, features: ["quiet", "seen"] }, [
    did("ann", "View", 1),
    did("ann", "View", 30),
  ]);
  expect(data.columns.map((column) => column.name)).toEqual(["seen", "quiet"]);
});

test("levels stand by how common they are, ties by name; the 255th is missing", async () => {
  const views = Array.from({ length: 300 }, (_, k) =>
    did(`u${k}`, "View", 1, { category: k < 3 ? "common" : `c${String(k).padStart(3, "0")}` }),
  );
  const { data } = await replay(purchase, [...views, did("zoe", "View", 14)]);
  const last = data.columns.find((column) => column.name === "last");
  if (last?.type !== "category") throw new Error("no category column");
  expect(last.categories).toHaveLength(254);
  expect(last.categories.slice(0, 3)).toEqual(["common", "c003", "c004"]);
  expect(last.categories).not.toContain("c299");
});

test("an empty log gives no rows and no error", async () => {
  const { data, about } = await replay(purchase, []);
  expect(data.rows).toBe(0);
  expect(about).toMatchObject({ events: 0, rows: 0, until: 0 });
});

test("columns without news are named and stay", async () => {
  const { data, about } = await replay(purchase, [did("ann", "View", 1), did("zoe", "View", 14)]);
  expect(data.columns).toHaveLength(3);
  expect(about.constant).toEqual(["seen", "last", "quiet"]);
});

test("it stops when it is told to, with the reason", async () => {
  const stop = new AbortController();
  const events = Array.from({ length: 20 }, (_, k) => did(`u${k}`, "View", 1));
  const running = replayDataset({
    recipe: purchase,
    lake: lakeOf(events),
    reducers: oneReducer(diaryReducer),
    signal: stop.signal,
    onProgress: (done) => {
      if (done > 0.4) stop.abort(new Error("enough"));
    },
  });
  await expect(running).rejects.toThrow("enough");
});

const arbitraryEvent = fc
  .record({
    who: fc.constantFrom("ann", "bob", "cyd"),
    name: fc.constantFrom("View", "Order", "Chargeback"),
    halfDays: fc.integer({ min: 0, max: 80 }),
    late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 30 })),
    category: fc.constantFrom("books", "toys", "music"),
    order: fc.constantFrom("a", "b", "c"),
  })
  .map(({ who, name, halfDays, late, category, order }) =>
    did(who, name, halfDays / 2, { category, order_id: `${who}-${order}` }, (halfDays + late) / 2),
  );
const arbitraryLog = fc.array(arbitraryEvent, { maxLength: 40 });
const END = did("zoe", "View", 60);

test("the future never teaches the past: what is known later changes no earlier row's features", async () => {
  await fc.assert(
    // the log ends on day 60, so 50, 43, … 8 are spine moments
    fc.asyncProperty(arbitraryLog, fc.constantFrom(8, 15, 22, 29, 36, 43, 50), async (events, day) => {
      const cut = MONDAY + day * DAY;
      const before = (rows: Record<string, unknown>[]) =>
        rows.filter((row) => Number(row.day) <= day).map(({ label: _, ...features }) => features);
      for (const recipe of [purchase, fraud]) {
        const whole = readable(await replay(recipe, [...events, END]));
        const past = readable(await replay(recipe, [...events.filter((event) => event.known <= cut), END]));
        // an order that was foretold stays so: its outcome was known before it
        expect(before(whole)).toEqual(before(past));
      }
    }),
    { numRuns: 150 },
  );
});

test("a replay until a moment is the replay of a log that ends there", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryLog, fc.integer({ min: 5, max: 50 }), async (events, day) => {
      const stop = did("zoe", "View", day);
      for (const recipe of [purchase, fraud]) {
        const whole = await replay(recipe, [...events, stop, END], stop.known);
        const short = await replay(recipe, [...events.filter((event) => event.known <= stop.known), stop]);
        expect(readable(whole)).toEqual(readable(short));
        expect(whole.about.positives).toBe(short.about.positives);
        expect(whole.about.immature).toBe(short.about.immature);
      }
    }),
  );
});
