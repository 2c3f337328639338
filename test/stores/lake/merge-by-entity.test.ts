import fc from "fast-check";
import { expect, test } from "vitest";
import type { LoggedEvent } from "../../../src/events/event-log.ts";
import { mergeByEntity } from "../../../src/stores/lake/merge-by-entity.ts";
import { compareUtf8 } from "../../../src/stores/lake/utf8-order.ts";

/** Around the places where UTF-16 and UTF-8 disagree. */
const ids = ["a", "ab", "\u{7f}", "\u{e9}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{1f600}", "a\u{1f600}"];

test("texts are ordered as their UTF-8 bytes are", () => {
  const text = fc.array(fc.constantFrom(...ids), { maxLength: 4 }).map((some) => some.join(""));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 300 },
  );
});

const arbitraryEvent: fc.Arbitrary<LoggedEvent> = fc
  .record({
    id: fc.constantFrom(...ids),
    known: fc.nat(3),
    ms: fc.nat(2),
    seq: fc.nat(1),
    index: fc.nat(1),
    partition: fc.nat(2),
  })
  .map(({ id, known, partition, ...position }) => {
    const entity = { kind: "user", id };
    return { id: "", name: "E", at: known, properties: {}, entity, known, partition, position };
  });
const order = (a: LoggedEvent, b: LoggedEvent) =>
  Buffer.compare(Buffer.from(a.entity.id), Buffer.from(b.entity.id)) ||
  a.known - b.known ||
  a.position.ms - b.position.ms ||
  a.position.seq - b.position.seq ||
  a.position.index - b.position.index ||
  a.partition - b.partition;
const face = ({ entity, known, position, partition }: LoggedEvent) =>
  `${entity.id} ${known} ${Object.values(position).join("-")} ${partition}`;

async function* inBatches(events: readonly LoggedEvent[], size: number) {
  yield [];
  for (let i = 0; i < events.length; i += size) yield events.slice(i, i + size);
}

test("streams in the order of the lake are merged into one in that order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(arbitraryEvent, fc.nat(4)), { maxLength: 60, selector: ([event]) => face(event) }),
      fc.integer({ min: 1, max: 5 }),
      async (drawn, size) => {
        const streams = [0, 1, 2, 3, 4].map((stream) =>
          inBatches(drawn.flatMap(([event, of]) => (of === stream ? [event] : [])).sort(order), size),
        );
        const merged: LoggedEvent[] = [];
        for await (const batch of mergeByEntity(streams)) merged.push(...batch);
        expect(merged.map(face)).toEqual(
          drawn
            .map(([event]) => event)
            .sort(order)
            .map(face),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test("who stops early ends all streams, and what one throws is thrown on", async () => {
  const ended: string[] = [];
  async function* stream(name: string, fails = false) {
    try {
      for (let known = 0; ; known++) {
        if (fails && known === 3) throw new Error("broken");
        const entity = { kind: "user", id: "a" };
        const position = { ms: known, seq: 0, index: 0 };
        yield [{ id: "", name: "E", at: known, known, properties: {}, entity, partition: 0, position }];
      }
    } finally {
      ended.push(name);
    }
  }
  for await (const _ of mergeByEntity([stream("x"), stream("y")])) break;
  expect(ended.sort()).toEqual(["x", "y"]);
  await expect(async () => {
    for await (const _ of mergeByEntity([stream("z"), stream("w", true)]));
  }).rejects.toThrow("broken");
  expect(ended.sort()).toEqual(["w", "x", "y", "z"]);
});
