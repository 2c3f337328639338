import fc from "fast-check";
import { expect, test } from "vitest";
import { EntryPacker, unpackEntry } from "../../src/events/entry-codec.ts";
import { anEvent, arbitraryEvents } from "../support/events.ts";

test("what is packed is unpacked, in order, with its place in the log", () => {
  fc.assert(
    fc.property(arbitraryEvents, (events) => {
      const packer = new EntryPacker();
      for (const event of events) packer.add(event);
      const back = unpackEntry(packer.take(), 3, 1_700, 5);
      expect(
        back.map(({ id, name, entity, at, known, properties }) => ({ id, name, entity, at, known, properties })),
      ).toEqual(events);
      expect(back.map(({ partition, position }) => [partition, position])).toEqual(
        events.map((_, index) => [3, { ms: 1_700, seq: 5, index }]),
      );
      expect(packer.count).toBe(0);
    }),
  );
});

test("no half of a surrogate pair comes into the log, in names as in values", () => {
  const packer = new EntryPacker();
  packer.add(anEvent({ properties: { a: "x\ud800", "b\udfff": "\\ud800", c: 1, d: "\ud83d\ude00" } }));
  const [{ text }] = unpackEntry(packer.take(), 0, 1, 0);
  expect(text).toBe('{"a":"x\ufffd","b\ufffd":"\\\\ud800","c":1,"d":"\ud83d\ude00"}');
});

test("an entry that is cut short, or of another format, is refused by its name", () => {
  fc.assert(
    fc.property(arbitraryEvents, fc.nat(), (events, cut) => {
      const packer = new EntryPacker();
      for (const event of events) packer.add(event);
      const whole = packer.take();
      const lengths = new Set([1]); // where an entry may rightly end
      const half = new EntryPacker();
      for (const event of events) {
        half.add(event);
        lengths.add(half.size);
      }
      const end = 1 + (cut % (whole.length - 1));
      if (!lengths.has(end)) expect(() => unpackEntry(whole.subarray(0, end), 0, 7, 0)).toThrow(/7-0.*cut short/);
    }),
  );
  expect(() => unpackEntry(Buffer.from([9]), 0, 7, 0)).toThrow(expect.objectContaining({ code: "LOG_BROKEN" }));
  expect(() => unpackEntry(Buffer.alloc(0), 0, 7, 0)).toThrow(expect.objectContaining({ code: "LOG_BROKEN" }));
});
