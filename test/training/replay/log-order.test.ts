import fc from "fast-check";
import { expect, test } from "vitest";
import type { LoggedEvent } from "../../../src/events/event-log.ts";
import { comparePositions } from "../../../src/events/position.ts";
import { EventRecords } from "../../../training/replay/event-records.ts";
import { byEntity, createLogOrder } from "../../../training/replay/log-order.ts";

const eventAt = (known: number, ms: number, seq: number, index: number, partition: number): LoggedEvent => ({
  ...{ id: "", name: "Paid", entity: { kind: "till", id: "t" }, at: known, known, properties: {} },
  ...{ partition, position: { ms, seq, index } },
});
const inLog = (a: LoggedEvent, b: LoggedEvent) =>
  a.known - b.known || comparePositions(a.position, b.position) || a.partition - b.partition;

function recordsOf(events: readonly LoggedEvent[]): EventRecords {
  const records = new EventRecords(() => [], events.length);
  for (const [i, event] of events.entries()) records.put(i, 0, event, -1);
  return records;
}

const Known = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 2 ** 41 }),
  fc.integer({ min: 2 ** 41, max: 2 ** 41 + 50 }),
  fc.integer({ min: 0, max: 40 }).map((power) => 2 ** power),
);
const Event = fc
  .record({ known: Known, ms: fc.nat(2), seq: fc.nat(2), index: fc.nat(2), partition: fc.nat(1) })
  .map(({ known, ms, seq, index, partition }) => eventAt(known, ms, seq, index, partition));

test("records of one entity come in the order of the log, each once, however they are spread over time", () => {
  fc.assert(
    fc.property(fc.array(Event, { maxLength: 200 }), (events) => {
      const records = recordsOf(events);
      const order = Int32Array.from(events.keys());
      const end = createLogOrder(records)(order, 0, events.length);
      const expected = [...events].sort(inLog).filter((event, i, all) => i === 0 || inLog(all[i - 1], event) !== 0);
      expect([...order.subarray(0, end)].map((record) => events[record])).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("of an event that is there twice the record that came first stays", () => {
  const records = recordsOf([eventAt(7, 1, 0, 5, 2), eventAt(3, 1, 0, 4, 2), eventAt(7, 1, 0, 5, 2)]);
  const order = Int32Array.of(0, 1, 2);
  const end = createLogOrder(records)(order, 0, 3);
  expect([...order.subarray(0, end)]).toEqual([1, 0]);
});

test("tens of thousands at one moment, and one long before, are put in order as well", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => eventAt(2 ** 41, 1, 0, 19_999 - i, 0));
  const records = recordsOf([...many, eventAt(5, 9, 0, 0, 0)]);
  const order = Int32Array.from({ length: 20_001 }, (_, i) => i);
  expect(createLogOrder(records)(order, 0, 20_001)).toBe(20_001);
  expect([...order.subarray(0, 3)]).toEqual([20_000, 19_999, 19_998]);
  expect(order[20_000]).toBe(0);
});

test("records are told apart by their entities, those of each as they came", () => {
  const { order, begins } = byEntity(Int32Array.of(10, 11, 12, 13), Int32Array.of(1, 0, 1, 0), 2);
  expect([[...order], [...begins]]).toEqual([
    [11, 13, 10, 12],
    [0, 2, 4],
  ]);
});
