import fc from "fast-check";
import { expect, test } from "vitest";
import type { Property } from "../../../src/events/event.ts";
import { type LoggedEvent, propertyOf } from "../../../src/events/event-log.ts";
import { EventRecords, RecordedEvent } from "../../../training/replay/event-records.ts";

const WANTED: Record<string, readonly string[]> = {
  Seen: [],
  Paid: ["amount", "note"],
  Sold: ["note", "amount", "online"],
};
const wanted = (event: string) => WANTED[event] ?? [];

const Value = fc.oneof<fc.Arbitrary<Property>[]>(
  fc.double({ noNaN: true }),
  fc.constantFrom<Property>("", "17", "toys", -0, 0, true, false, Number.NEGATIVE_INFINITY),
);
const Logged: fc.Arbitrary<LoggedEvent> = fc
  .record({
    name: fc.constantFrom("Seen", "Paid", "Sold", "Left"),
    at: fc.integer(),
    known: fc.integer({ min: 0, max: 2 ** 42 }),
    partition: fc.integer({ min: 0, max: 9_999 }),
    position: fc.record({
      ms: fc.integer({ min: 0, max: 2 ** 42 }),
      seq: fc.integer({ min: 0, max: 2 ** 40 }),
      index: fc.integer({ min: 0, max: 999_999_999 }),
    }),
    properties: fc.record({ amount: Value, note: Value, online: Value, other: Value }, { requiredKeys: [] }),
  })
  .map(({ properties, ...event }) => ({
    ...{ ...event, id: "", entity: { kind: "user", id: "u" } },
    properties: Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
  }));

test("what is put down comes back, value for value, whatever comes after it", () => {
  fc.assert(
    fc.property(fc.array(Logged, { maxLength: 30 }), fc.integer({ min: -1, max: 2 ** 30 }), (events, row) => {
      const records = new EventRecords(wanted, 3);
      for (const [i, event] of events.entries()) records.put(2 * i, i / 2, event, i === 0 ? row : i);
      const shown = new RecordedEvent(records);
      for (const [i, { name, at, known, partition, position, properties }] of events.entries()) {
        expect(shown.show(2 * i)).toBe(i === 0 ? row : i);
        expect({ name: shown.name, at: shown.at }).toEqual({ name, at });
        const kept = wanted(name).filter((property) => property in properties);
        expect(shown.properties).toEqual(Object.fromEntries(kept.map((property) => [property, properties[property]])));
        for (const property of ["amount", "note", "online", "other"])
          expect(propertyOf(shown, property)).toBe(kept.includes(property) ? properties[property] : undefined);
        const place = [records.known(2 * i), records.partition(2 * i), records.position(2 * i), records.row(2 * i)];
        expect(records.key(2 * i)).toBe(i / 2);
        expect(place).toEqual([known, partition, position, i === 0 ? row : i]);
      }
    }),
    { numRuns: 200 },
  );
});

test("a record takes seven numbers, and one for each property of the events that carry most", () => {
  const records = new EventRecords(wanted, 100);
  const event = { id: "", entity: { kind: "user", id: "u" }, at: 1, known: 1, partition: 0, properties: {} };
  const position = { ms: 1, seq: 0, index: 0 };
  expect(records.bytes).toBe(100 * 56);
  for (const [i, [name, bytes]] of [["Seen", 56] as const, ["Sold", 80] as const, ["Paid", 80] as const].entries()) {
    records.put(i, 7, { ...event, name, position }, -1);
    expect(records.bytes).toBe(100 * bytes);
  }
});
