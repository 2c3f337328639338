import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { emptyRow } from "../../src/features/empty-row.ts";
import type { Block, Moments, Reducer, Row } from "../../src/features/feature.ts";
import { followByTurns } from "../../src/features/follow-by-turns.ts";
import { createReducer } from "../../src/features/reducer.ts";
import { EVERY_KIND } from "./every-kind.ts";
import { type Happening, historyUntil, NOON } from "./history.ts";

const everyKind = createReducer(EVERY_KIND);
const shop = createReducer(DEFAULT_FEATURES);

function blockOf({ features }: Reducer, count: number): Block {
  const width = features.filter(({ type }) => type === "number").length;
  const numbers = new Float64Array(count * width).fill(12_345);
  const rows = Array.from({ length: count }, (_, i): Row => {
    const { texts } = emptyRow(0, features.length - width);
    return { numbers: numbers.subarray(i * width, (i + 1) * width), texts: texts.fill("left over") };
  });
  return { width, numbers, rows };
}

/** Moments after some of the events: just then, or some hours later. */
function momentsOf(events: readonly Happening[], waits: readonly (readonly [number, number])[]): Moments {
  const asked = waits.map(([share, hours]) => ({ before: Math.round(share * events.length), hours }));
  asked.sort((a, b) => a.before - b.before);
  let now = 0;
  const times = asked.map(({ before, hours }) => {
    for (const { at } of events.slice(0, before)) now = Math.max(now, at);
    if (before === events.length) now += hours * 3_600_000;
    return now;
  });
  return {
    count: asked.length,
    before: Int32Array.from(asked, ({ before }) => before),
    now: Float64Array.from(times),
    inFlight: true,
  };
}

/** In hundredths: doubles that are drawn lie near nought. */
const share = fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths / 100);
const waits = fc.array(fc.tuple(share, fc.integer({ min: 0, max: 9_000 })), {
  minLength: 1,
  maxLength: 300,
});
const inOrder = (events: Happening[]) => events.sort((a, b) => a.at - b.at);

/** Both ways, the moments in two stretches; answers what is different. */
function differences(reducer: Reducer, events: readonly Happening[], moments: Moments, cut: number) {
  const states = [reducer.empty(), reducer.empty()];
  const blocks = [blockOf(reducer, moments.count + 3), blockOf(reducer, moments.count + 3)];
  const half = Math.floor(cut * moments.count);
  let written = 0;
  for (const [from, until] of [
    [0, half],
    [half, moments.count],
  ]) {
    if (from === until) continue;
    const stretch = { events, written, moments, from, until };
    reducer.follow?.(states[0], stretch, blocks[0], from + 2);
    followByTurns(reducer, states[1], stretch, blocks[1], from + 2);
    written = moments.before[until - 1];
  }
  const told = blocks.map(({ rows }) => rows.map(({ numbers, texts }) => [...numbers, ...texts]));
  return { told, bytes: states.map((state) => (written > 0 ? reducer.encode(state) : new Uint8Array())) };
}

for (const [what, reducer] of [
  ["every kind of feature", everyKind],
  ["the usual catalogue", shop],
] as const) {
  test(`${what}: read part by part, moments say what they say by turns, and the same bytes are left`, () => {
    fc.assert(
      fc.property(historyUntil(NOON), waits, share, (history, asked, where) => {
        const events = inOrder(history);
        const { told, bytes } = differences(reducer, events, momentsOf(events, asked), where);
        expect(told[0]).toEqual(told[1]);
        expect(bytes[0]).toEqual(bytes[1]);
      }),
      { numRuns: 150 },
    );
  });
}

test("events that come late, and moments before events, are read by turns", () => {
  fc.assert(
    fc.property(historyUntil(NOON, 20), waits, (events, asked) => {
      const moments = momentsOf(events, asked);
      const early = {
        ...moments,
        now: moments.now.map((now, k) => (k % 3 === 0 ? now - 40 * 86_400_000 : now)).sort(),
      };
      for (const some of [moments, early]) {
        const { told, bytes } = differences(everyKind, events, some, 0.5);
        expect(told[0]).toEqual(told[1]);
        expect(bytes[0]).toEqual(bytes[1]);
      }
    }),
    { numRuns: 100 },
  );
});

test("a long life is followed over more moments than are looked at together", () => {
  const names = ["Product Viewed", "Order Completed", "Logged In"];
  const events = Array.from(
    { length: 3_000 },
    (_, i): Happening => ({
      name: names[i % 3],
      at: NOON + i * 7 * 3_600_000,
      properties: { revenue: i % 97, category: `c${i % 70}`, device: `d${i % 5}` },
    }),
  );
  const moments = momentsOf(
    events,
    Array.from({ length: 1_000 }, (_, k) => [k / 1_000, 0] as const),
  );
  const { told, bytes } = differences(everyKind, events, moments, 0.3);
  expect(told[0]).toEqual(told[1]);
  expect(bytes[0]).toEqual(bytes[1]);
});

test("what was last seen over 400 days ago is forgotten before the next moment", () => {
  const on = (day: number, category: string): Happening => ({
    name: "Product Viewed",
    at: NOON + day * 86_400_000,
    properties: { category },
  });
  const events = [on(0, "shoes"), on(425, "books"), on(430, "shoes"), on(431, "books")];
  const moments = momentsOf(
    events,
    [0, 1, 2, 3, 4].map((before) => [before / 4, 0] as const),
  );
  const { told, bytes } = differences(everyKind, events, moments, 0);
  expect(told[0]).toEqual(told[1]);
  expect(bytes[0]).toEqual(bytes[1]);
});
