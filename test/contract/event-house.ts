import fc from "fast-check";
import { expect, test } from "vitest";
import { type Event, entityKey, type Property } from "../../src/events/event.ts";
import type { EventLog, Lake, LakeQuery, LoggedEvent } from "../../src/events/event-log.ts";
import { flatProperties } from "../../src/events/flat-properties.ts";
import { comparePositions } from "../../src/events/position.ts";
import type { Reducer } from "../../src/features/feature.ts";
import type { StateStore } from "../../src/features/state-store.ts";
import { allOf, anEvent, arbitraryEvents, countingReducer, DAY, NOON } from "../support/events.ts";

/** Log, states and lake that belong together, empty. */
export interface EventHouse {
  readonly log: EventLog;
  readonly states: StateStore;
  readonly lake: Lake;
  /** Resolves when all that was appended is applied and in the lake. */
  idle(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Properties whose names and values are easily mixed up. */
const oddProperties: fc.Arbitrary<Record<string, Property>> = fc
  .record(
    {
      a: fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom<Property>("5", "1e3", "true", 0),
      ),
      A: fc.oneof(fc.boolean(), fc.constantFrom<Property>(2 ** 53, 2 ** 60, 5e-324, 1.7e308, -1, 0.1, "nan", "null")),
      "b/c~d.e": fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom<Property>('"', "[1]", "{}", "\u0000", "inf")),
      till: fc.oneof(fc.integer(), fc.constantFrom<Property>("17", 17, "x".repeat(201), true)),
      other: fc.string(),
    },
    { requiredKeys: [] },
  )
  .map((given) => flatProperties(given)); // as they come from the door

/** The promises every house keeps; `open` gives a new one that applies with `reducer` and knows ids for 7 days. */
export function eventHouseKeepsItsPromises(
  name: string,
  open: (reducer: Reducer) => Promise<EventHouse>,
  runs = 20,
): void {
  const reducer = countingReducer();

  const numbers = async (house: EventHouse, id: string, kind = "user") => {
    const [found] = await house.states.read([{ kind, id }]);
    return found && [...reducer.read(reducer.decode(found.bytes), NOON).numbers];
  };
  const put = async (house: EventHouse, ...events: Event[]) => {
    await house.log.append(events);
    await house.idle();
  };

  test(`${name}: an event is in the state and in the lake`, async () => {
    await using house = await open(reducer);
    const event = anEvent({ id: "m-1", properties: { value: 9.95, "cart.size": 2, gift: true, note: "it's ✓" } });
    await put(house, event);
    expect(await numbers(house, "u1")).toEqual([1, 995, NOON]);
    const [logged] = await allOf(house.lake);
    const { id, name, entity, at, known, properties } = logged;
    expect({ id, name, entity, at, known, properties: { ...properties } }).toEqual(event);
    const [state] = await house.states.read([event.entity]);
    expect(state?.reach).toEqual([{ partition: logged.partition, position: logged.position }]);
    expect(await house.lake.summary()).toEqual({
      events: 1,
      entities: 1,
      firstAt: NOON,
      lastAt: NOON,
      lastKnown: NOON,
    });
    expect(await house.lake.extent()).toEqual({ events: 1, firstAt: NOON, lastKnown: NOON });
  });

  test(`${name}: nothing is known of whom nothing happened to`, async () => {
    await using house = await open(reducer);
    expect(await house.states.read([{ kind: "user", id: "nobody" }])).toEqual([undefined]);
    expect(await house.states.read([])).toEqual([]);
    expect(await allOf(house.lake)).toEqual([]);
    expect(await house.lake.summary()).toEqual({ events: 0, entities: 0 });
    expect(await house.lake.extent()).toEqual({ events: 0 });
    expect((await house.lake.end()).size).toBe(0);
    await house.log.append([]);
  });

  test(`${name}: answers come in the order of the question`, async () => {
    await using house = await open(reducer);
    await put(house, anEvent({ user: "a" }), anEvent({ user: "b" }), anEvent({ user: "b" }));
    const asked = ["b", "nobody", "a", "b"].map((id) => ({ kind: "user", id }));
    const found = await house.states.read(asked);
    expect(found.map((state) => state && reducer.read(reducer.decode(state.bytes), NOON).numbers[0])).toEqual([
      2,
      undefined,
      1,
      2,
    ]);
  });

  test(`${name}: the lake reads the entities that a property names beside those that events happened to`, async () => {
    await using house = await open(reducer);
    const odd = "shop/till~1";
    const named: Property[] = [
      17,
      "17",
      "t\u{1F600}",
      "x".repeat(200),
      "\u{1F600}".repeat(101),
      "",
      1.5,
      true,
      2 ** 53,
    ];
    const till = (id: string) => ({ kind: "till", id });
    for (const [i, value] of named.entries())
      await put(house, anEvent({ id: `m${i}`, at: NOON - 100 + i, properties: { [odd]: value } }));
    await put(house, anEvent({ id: "own", at: NOON - 9, entity: till("17"), properties: { [odd]: 17, value: 1 } }));
    await put(house, anEvent({ id: "other", at: NOON - 8, entity: till("18"), properties: { [odd]: 17 } }));
    const seen = await allOf(house.lake, { kind: "till", through: odd });
    expect(seen.map(({ entity, id }) => [entity.kind, entity.id, id])).toEqual([
      ...["m0", "m1", "own", "other"].map((id) => ["till", "17", id]),
      ["till", "18", "other"],
      ["till", "t\u{1F600}", "m2"],
      ["till", "x".repeat(200), "m3"],
    ]);
    const asked = { kind: "till", through: odd, entities: [till("18")] };
    expect((await allOf(house.lake, asked)).map(({ id }) => id)).toEqual(["other"]);
    expect((await allOf(house.lake, { ...asked, knownUntil: NOON - 9 })).length).toBe(0);
    const ids = async (query: LakeQuery) => (await allOf(house.lake, query)).map(({ id }) => id);
    const notOfUsers = { kind: "till", through: odd, notOf: "user" };
    expect(await ids(notOfUsers)).toEqual(["own", "other", "other"]);
    expect(await ids({ ...notOfUsers, notOf: "till" })).toEqual(["m0", "m1", "m2", "m3"]);
    expect(await ids({ kind: "till", notOf: "till" })).toEqual([]);
    expect(await ids({ notOf: "user" })).toEqual(["own", "other"]);
  });

  test(`${name}: who asks for some properties gets the same events with those, value for value`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(oddProperties, { minLength: 1, maxLength: 12 }), async (drawn) => {
        await using house = await open(reducer);
        const entities = ["a", "b", "\u{1F600}"];
        const events = drawn.map((properties, i) =>
          anEvent({ id: `m${i}`, name: i % 3 ? "Paid" : "it's", user: entities[i % 3], at: NOON - i, properties }),
        );
        await put(house, ...events);
        const properties = ["a", "A", "b/c~d.e", "till"];
        for (const query of [
          {},
          { kind: "user" },
          { kind: "till", through: "till" },
          { kind: "till", through: "till", notOf: "company" },
          { kind: "user", knownUntil: NOON - 3 },
        ]) {
          const whole = await allOf(house.lake, query);
          const lean = await allOf(house.lake, { ...query, properties: () => properties });
          const wanted = (event: LoggedEvent) => ({
            ...[
              event.name,
              event.entity,
              event.at,
              event.known,
              event.partition,
              event.position,
              event.touched === true,
            ],
            properties: Object.fromEntries(properties.map((name) => [name, event.properties[name]])),
          });
          expect(lean.map(wanted)).toEqual(whole.map(wanted));
        }
      }),
      { numRuns: runs },
    );
  });

  test(`${name}: a redelivery is applied once, whether in one batch or in two`, async () => {
    await using house = await open(reducer);
    const event = anEvent({ properties: { value: 1 } });
    await put(house, event, event);
    await put(house, event);
    expect(await numbers(house, "u1")).toEqual([1, 100, NOON]);
    expect(await allOf(house.lake)).toHaveLength(1);
  });

  test(`${name}: one id may touch two entities`, async () => {
    await using house = await open(reducer);
    await put(house, anEvent({ id: "g1" }), anEvent({ id: "g1", entity: { kind: "company", id: "u1" } }));
    expect(await numbers(house, "u1")).toEqual([1, 0, NOON]);
    expect(await numbers(house, "u1", "company")).toEqual([1, 0, NOON]);
    expect(await allOf(house.lake)).toHaveLength(2);
  });

  test(`${name}: an id forgotten by the state is still recognised when the event is old by its own clock`, async () => {
    await using house = await open(reducer);
    const old = anEvent({ id: "old", at: NOON - 40 * DAY });
    await put(house, old);
    await put(house, anEvent({ id: "new" })); // 40 days later: "old" is no longer among the known ids
    await put(house, { ...old, known: NOON }); // sent again today
    await put(house, anEvent({ id: "older", at: NOON - 50 * DAY })); // as old, but never seen before
    expect((await numbers(house, "u1"))?.[0]).toBe(3);
    expect((await allOf(house.lake)).map(({ id }) => id).sort()).toEqual(["new", "old", "older"]);
  });

  test(`${name}: the lake answers by entity, then by what was known when`, async () => {
    await using house = await open(reducer);
    const late = anEvent({ id: "late", user: "b", at: NOON - DAY, known: NOON + DAY });
    await put(house, late, anEvent({ id: "b1", user: "b" }), anEvent({ id: "a1", user: "a" }));
    await put(house, anEvent({ id: "c1", entity: { kind: "company", id: "z" } }));
    expect((await allOf(house.lake)).map(({ id }) => id)).toEqual(["c1", "a1", "b1", "late"]);
    const { events, firstAt, lastKnown } = await house.lake.summary();
    expect(await house.lake.extent()).toEqual({ events, firstAt, lastKnown });
    expect([events, firstAt, lastKnown]).toEqual([4, NOON - DAY, NOON + DAY]);
  });

  test(`${name}: the lake answers only what was asked`, async () => {
    await using house = await open(reducer);
    await put(
      house,
      anEvent({ id: "a1", user: "a" }),
      anEvent({ id: "b1", user: "b", known: NOON + 1 }),
      anEvent({ id: "c1", entity: { kind: "company", id: "a" } }),
      anEvent({ id: "q1", user: "it's" }),
    );
    const ids = async (query: Parameters<Lake["readByEntity"]>[0]) =>
      (await allOf(house.lake, query)).map(({ id }) => id);
    expect(await ids({ kind: "company" })).toEqual(["c1"]);
    expect(await ids({ entities: [{ kind: "user", id: "b" }] })).toEqual(["b1"]);
    expect(await ids({ entities: [{ kind: "user", id: "it's" }] })).toEqual(["q1"]);
    expect(await ids({ entities: [] })).toEqual([]);
    expect(await ids({ kind: "user", knownUntil: NOON })).toEqual(["a1", "q1"]);
    expect(await ids({ knownUntil: Number.POSITIVE_INFINITY })).toHaveLength(4);
  });

  test(`${name}: the lake answers all events of those who had one since a moment`, async () => {
    await using house = await open(reducer);
    await put(
      house,
      anEvent({ id: "a1", user: "a", at: NOON - DAY }),
      anEvent({ id: "a2", user: "a", properties: { till: 7 } }),
      anEvent({ id: "b1", user: "b", at: NOON - DAY, properties: { till: 8 } }),
      anEvent({ id: "b2", user: "c", at: NOON - DAY, properties: { till: 7 } }),
    );
    const ids = async (query: Parameters<Lake["readByEntity"]>[0]) =>
      (await allOf(house.lake, query)).map(({ id }) => id);
    expect(await ids({ touchedSince: NOON })).toEqual(["a1", "a2"]);
    expect(await ids({ kind: "till", through: "till", touchedSince: NOON })).toEqual(["b2", "a2"]);
    expect(await ids({ touchedSince: NOON + 1 })).toEqual([]);
  });

  test(`${name}: a scan brings every entity of a kind once`, async () => {
    await using house = await open(reducer);
    const people = Array.from({ length: 30 }, (_, i) => anEvent({ user: `p${i}` }));
    await put(
      house,
      ...people,
      anEvent({ entity: { kind: "company", id: "c:1" } }),
      anEvent({ entity: { kind: "u*", id: "x" } }),
    );
    const scanned = async (kind: string) => {
      const found: string[] = [];
      for await (const page of house.states.scan(kind)) for (const { entity } of page) found.push(entityKey(entity));
      return found.sort();
    };
    expect(await scanned("user")).toEqual(people.map(({ entity }) => entityKey(entity)).sort());
    expect(await scanned("company")).toEqual(["company:c:1"]);
    expect(await scanned("u*")).toEqual(["u*:x"]);
    expect(await scanned("device")).toEqual([]);
  });

  test(`${name}: doubled, shuffled and late events end in the same bytes, in the lake exactly once`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents, fc.infiniteStream(fc.nat()), async (events, dice) => {
        await using house = await open(reducer);
        const sent = [...events, ...events.filter((_, i) => i % 3 === 0)]
          .map((event) => ({ event, order: dice.next().value ?? 0 }))
          .sort((a, b) => a.order - b.order)
          .map(({ event }) => event);
        for (let i = 0; i < sent.length; i += 7) await house.log.append(sent.slice(i, i + 7));
        await house.idle();

        const plain = new Map<string, ReturnType<Reducer["empty"]>>();
        for (const event of events) {
          const key = entityKey(event.entity);
          const state = plain.get(key) ?? reducer.empty();
          reducer.write(state, event);
          plain.set(key, state);
        }
        for (const [key, state] of plain) {
          const [found] = await house.states.read([{ kind: "user", id: key.slice("user:".length) }]);
          expect(found && Buffer.from(found.bytes).toString("hex")).toBe(
            Buffer.from(reducer.encode(state)).toString("hex"),
          );
        }
        const rows = await allOf(house.lake);
        expect(rows.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
        const sentById = new Map(events.map((event) => [event.id, event]));
        for (const row of rows) expect({ ...row.properties }).toEqual(sentById.get(row.id)?.properties);
        const ends = await house.lake.end();
        for (const { partition, position } of rows) {
          const end = ends.get(partition);
          expect(end && comparePositions(position, end) <= 0).toBe(true);
        }
      }),
      { numRuns: runs },
    );
  });
}
