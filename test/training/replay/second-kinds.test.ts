import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event, Property } from "../../../src/events/event.ts";
import type { Lake, LakeQuery } from "../../../src/events/event-log.ts";
import { EntityKind } from "../../../src/features/entity-kinds.ts";
import { createReducers } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";
import { GATHER_BYTES } from "../../../training/replay/second-kinds.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1);
const window = { days: 7 };
const counted = (name: string, event: string) => ({ kind: "count", name, event, window, about: name });
const mean = (name: string, event: string) => ({ kind: "mean", name, event, value: "amount", window, about: name });
const liked = (event: string) => ({ kind: "favourite", name: "goods", event, by: "goods", window, about: "goods" });
const features = [counted("payments", "Paid"), counted("returns", "Returned"), mean("amount", "Paid")];
const kinds = [
  EntityKind.parse({ name: "terminal", from: "terminal", features: [...features, liked("Returned")] }),
  EntityKind.parse({
    name: "card",
    from: "card",
    features: [...features, mean("back", "Returned"), liked("Returned")],
  }),
];
const reducers = createReducers(features, kinds);
const recipe = Recipe.parse({
  name: "fraud",
  about: "is returned within a day",
  positive: "comes back",
  target: { kind: "event-becomes", event: "Paid", outcome: "Returned", on: "payment", days: 1 },
  fields: { amount: "number" },
});

/** What happens to people, companies and terminals within two days; many at once, some known late. */
const arbitraryLog: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      who: fc.constantFrom("user a", "user b", "user c", "company a", "terminal 7", "terminal t"),
      name: fc.constantFrom("Paid", "Paid", "Paid", "Returned", "Seen"),
      hour: fc.integer({ min: 0, max: 48 }),
      late: fc.constantFrom(0, 0, 0, 30),
      given: fc.record(
        {
          terminal: fc.constantFrom<Property>("t", 7, "7", "", true, "x".repeat(201)),
          card: fc.constantFrom<Property>("c", "d", 1),
          payment: fc.integer({ min: 0, max: 5 }),
          amount: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constant<Property>("much")),
          goods: fc.constantFrom("toys", "food"),
        },
        { requiredKeys: ["payment"] },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn.map(({ who, name, hour, late, given }, i) => {
      const [kind, id] = who.split(" ");
      const at = START + hour * HOUR;
      const properties = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      return { id: `m${i}`, name, entity: { kind, id }, at, known: at + late * HOUR, properties };
    }),
  );

/** A log in memory that notes down what it is asked, and whether somebody is being erased from it. */
async function logOf(events: readonly Event[], together: number, erasing = false) {
  const { log, lake } = createMemoryHouse({ reducers, partitions: 3 });
  for (let i = 0; i < events.length; i += together) await log.append(events.slice(i, i + together));
  const asked: LakeQuery[] = [];
  const watched: Pick<Lake, "readByEntity" | "extent"> = {
    readByEntity(query) {
      asked.push(query);
      return lake.readByEntity(query);
    },
    extent: async () => ({ ...(await lake.extent()), ...(erasing && { erasing }) }),
  };
  /** By which kinds all was read again, and by which only what had not come by. */
  const roads = () => asked.slice(1).map(({ kind, notOf }) => `${kind}: ${notOf ? "the rest" : "all"}`);
  return { lake: watched, roads };
}

/** So much that two kinds hold events of no more than one property: those of more are too many. */
const bytesUntilReturned = (events: number) => 2 * (events + 512) * (56 + 12 + 8);

test("events put down on the way teach the same as a pass over the lake, and as one that begins half-way", async () => {
  const taken = new Set<string>();
  await fc.assert(
    fc.asyncProperty(arbitraryLog, fc.integer({ min: 1, max: 9 }), async (events, together) => {
      const replayed = [];
      for (const bytes of [0, bytesUntilReturned(events.length), GATHER_BYTES]) {
        const { lake, roads } = await logOf(events, together);
        replayed.push(await replayDataset({ recipe, lake, reducers }, bytes));
        taken.add(`${bytes === 0 || bytes === GATHER_BYTES ? bytes : "half-way"} ${roads().join(", ")}`);
      }
      expect(replayed[1]).toEqual(replayed[0]);
      expect(replayed[2]).toEqual(replayed[0]);
    }),
    { numRuns: 150 },
  );
  const [all, rest] = ["terminal: all, card: all", "terminal: the rest, card: the rest"];
  for (const road of [`0 ${all}`, `half-way ${all}`, `half-way ${rest}`, `${GATHER_BYTES} ${rest}`])
    expect(taken).toContain(road);
});

test("what happened to a terminal itself, and to others at it, is read of the lake and stands in its place", async () => {
  const at = (hour: number, kind: string, id: string, properties: Record<string, Property>): Event => {
    const known = START + hour * HOUR;
    return { id: `${kind} ${hour}`, name: "Paid", entity: { kind, id }, at: known, known, properties };
  };
  const events = [
    at(1, "terminal", "7", { amount: 10 }),
    at(2, "company", "a", { terminal: 7, amount: 20 }),
    at(3, "user", "u", { terminal: 7, amount: 90, payment: 1 }),
    at(4, "user", "v", { terminal: "7", amount: 40, payment: 2 }),
    at(99, "user", "w", { terminal: "8", payment: 3 }),
  ];
  const { lake, roads } = await logOf(events, 2);
  const { data } = await replayDataset({ recipe, lake, reducers });
  const column = (name: string) => [...data.values[data.columns.findIndex((one) => one.name === name)]];
  expect(column("terminal.payments")).toEqual([2, 3]);
  expect(column("terminal.amount")).toEqual([15, 40]);
  expect(column("card.payments")).toEqual([Number.NaN, Number.NaN]);
  expect(roads()).toEqual(["terminal: the rest", "card: the rest"]);
});

test("while somebody is erased all is read of the lake, which shows others what he did", async () => {
  const paid = { id: "m", name: "Paid", entity: { kind: "user", id: "u" }, at: START, known: START };
  const events: Event[] = [
    { ...paid, properties: { terminal: 7, payment: 1 } },
    { ...paid, id: "n", known: START + 48 * HOUR, properties: {} },
  ];
  const { lake, roads } = await logOf(events, 2, true);
  expect((await replayDataset({ recipe, lake, reducers })).data.rows).toBe(1);
  expect(roads()).toEqual(["terminal: all", "card: all"]);
});

test("a replay is called off while it reads what it has put down", async () => {
  const paid = { name: "Paid", entity: { kind: "user", id: "u" }, properties: { terminal: 7, payment: 1 } };
  const days = [0, 1, 2].map((day) => ({
    ...paid,
    id: `${day}`,
    at: START + day * 24 * HOUR,
    known: START + day * 24 * HOUR,
  }));
  const { lake } = await logOf(days, 3);
  const stop = new AbortController();
  const onProgress = (done: number) => {
    if (done > 1 / 3) stop.abort(new Error("called off"));
  };
  await expect(replayDataset({ recipe, lake, reducers, onProgress, signal: stop.signal })).rejects.toThrow(
    "called off",
  );
});
