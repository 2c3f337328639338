import fc from "fast-check";
import type { Event, Property } from "../../src/events/event.ts";
import type { Lake, LoggedEvent } from "../../src/events/event-log.ts";
import type { Reducer, Row, State } from "../../src/features/feature.ts";

export const DAY = 86_400_000;
/** 2026-03-01T12:00:00Z */
export const NOON = Date.UTC(2026, 2, 1, 12);

let minted = 0;

/** An order of user u1 at noon, unless said otherwise. */
export function anEvent(given: Partial<Event> & { readonly user?: string } = {}): Event {
  const { user = "u1", ...rest } = given;
  const at = rest.at ?? NOON;
  return {
    id: `m${++minted}`,
    name: "Order Completed",
    entity: { kind: "user", id: user },
    known: at,
    properties: {},
    ...rest,
    at,
  };
}

interface Counted extends State {
  count: number;
  cents: number;
  last: number;
}

/**
 * The smallest reducer that can tell a lost, doubled or altered event: how many, the sum of `value` in cents,
 * the newest time. Commutes because all three do.
 */
export function countingReducer(digest = "counting-1"): Reducer {
  const face = (name: string, unit: string) => ({
    name,
    type: "number" as const,
    unit,
    window: "all time",
    about: name,
  });
  return {
    features: [face("events", "events"), face("value", "cents"), face("last", "ms")],
    digest,
    empty: (): Counted => ({ catalogue: digest, count: 0, cents: 0, last: 0 }),
    write(state, { at, properties }) {
      const counted = state as Counted;
      counted.count++;
      if (typeof properties.value === "number") counted.cents += Math.round(properties.value * 100);
      counted.last = Math.max(counted.last, at);
    },
    read(state, _now, row: Row = { numbers: new Float64Array(3), texts: [] }) {
      const { count, cents, last } = state as Counted;
      row.numbers.set([count, cents, last]);
      return row;
    },
    encode(state) {
      const { count, cents, last } = state as Counted;
      return new Uint8Array(new Float64Array([count, cents, last]).buffer);
    },
    decode(bytes) {
      const [count, cents, last] = new Float64Array(Uint8Array.from(bytes).buffer);
      return { catalogue: digest, count, cents, last } as Counted;
    },
  };
}

/** All that the lake answers, in its order. */
export async function allOf(lake: Lake, query: Parameters<Lake["readByEntity"]>[0] = {}): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for await (const batch of lake.readByEntity(query)) all.push(...batch);
  return all;
}

const arbitraryProperty: fc.Arbitrary<Property> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.boolean(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
);

/** Events of a handful of people over 30 days, some of which arrive late. Their ids are distinct. */
export const arbitraryEvents: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      user: fc.constantFrom("u1", "u2", "ü3", "用户4", "u5"),
      name: fc.constantFrom("Order Completed", "Product Viewed", "Logged In"),
      at: fc.integer({ min: NOON - 30 * DAY, max: NOON }),
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 5 * DAY })),
      value: fc.integer({ min: 0, max: 10_000 }).map((cents) => cents / 100),
      extra: fc.dictionary(fc.constantFrom("a", "b.c", "naïve"), arbitraryProperty, { maxKeys: 2 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drawn) =>
    drawn.map(({ user, name, at, late, value, extra }, i) =>
      anEvent({ id: `e${i}`, user, name, at, known: at + late, properties: { ...extra, value } }),
    ),
  );
