import { expect, test } from "vitest";
import { entityKey } from "../../src/events/event.ts";
import { LoggedText } from "../../src/events/logged-text.ts";
import { SipHash } from "../../src/events/siphash.ts";
import { type Chunk, OpenChunk } from "../../src/features/apply-chunk.ts";
import { oneReducer } from "../../src/features/reducers.ts";
import { openStored } from "../../src/features/stored-value.ts";
import { countingReducer, NOON } from "../support/events.ts";

const reducer = countingReducer();

/** A hash that cannot tell any two ids apart. */
class Blind extends SipHash {
  override hash(): void {
    this.low = 7;
    this.high = 9;
  }
}
const rules = { reducers: oneReducer(reducer), horizonDays: 7, hash: new Blind(new Uint8Array(16)) };

const chunkOf = (...ids: string[]): Chunk<LoggedText> => {
  const events = ids.map((id, index) => {
    const position = { ms: 1, seq: 0, index };
    return new LoggedText(0, position, id, "E", { kind: "user", id: "u1" }, NOON, NOON, "{}");
  });
  return { events, here: events.map(() => []), forwarded: [] };
};

test("two ids with one hash cost a look-up and no event", () => {
  const first = new OpenChunk(chunkOf("a", "b", "a"), new Map(), rules).apply(new Set());
  expect([...first.duplicate]).toEqual([0, 0, 1]);
  const [value] = first.values;
  const stored = new Map([[entityKey(value.entity), value.bytes]]);

  const open = new OpenChunk(chunkOf("c", "a"), stored, rules);
  const suspects = open.suspects();
  expect(suspects.map(({ id }) => id)).toEqual(["c", "a"]); // only the log can tell
  const second = open.apply(new Set(suspects.filter(({ id }) => id === "a")));
  expect([...second.duplicate]).toEqual([0, 1]);
  const [now] = second.values;
  const { bytes, ids } = openStored(now.bytes);
  expect(reducer.read(reducer.decode(bytes), NOON).numbers[0]).toBe(3);
  expect(ids.count).toBe(3);
});

test("an id that no hash is known of is not looked up", () => {
  expect(new OpenChunk(chunkOf("a"), new Map(), rules).suspects()).toEqual([]);
});
