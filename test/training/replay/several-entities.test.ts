import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event, Property } from "../../../src/events/event.ts";
import type { Lake, LoggedEvent } from "../../../src/events/event-log.ts";
import { comparePositions } from "../../../src/events/position.ts";
import { EntityKind, secondEntities } from "../../../src/features/entity-kinds.ts";
import { createJoint, touched } from "../../../src/features/joint.ts";
import { createReducers } from "../../../src/features/reducers.ts";
import { Recipe } from "../../../src/retraining/recipe.ts";
import { createRowEncoder } from "../../../src/scoring/encode-row.ts";
import { createMemoryHouse } from "../../../src/stores/memory/memory-house.ts";
import { replayDataset } from "../../../training/replay/replay-dataset.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 2, 1);
const PAID = "Transaction";
const REPORTED = "Fraud Reported";
const counted = (name: string, event: string, days: number) => ({
  kind: "count",
  name,
  event,
  window: { days },
  about: name,
});
const amount = {
  kind: "mean",
  name: "amount_7d",
  event: PAID,
  value: "amount",
  window: { days: 7 },
  about: "mean amount",
};
const liked = { kind: "favourite", name: "goods_30d", event: PAID, by: "goods", window: { days: 30 }, about: "goods" };
const kinds = [
  EntityKind.parse({
    name: "terminal",
    from: "terminal_id",
    features: [counted("payments_7d", PAID, 7), counted("reports_7d", REPORTED, 7), amount, liked],
  }),
  EntityKind.parse({ name: "user", from: "paid_to", features: [counted("payments_7d", PAID, 7), amount] }),
];
const reducers = createReducers([counted("payments_1d", PAID, 1), amount, liked], kinds);
const recipe = Recipe.parse({
  name: "fraud",
  about: "is reported within two days",
  positive: "is fraud",
  target: { kind: "event-becomes", event: PAID, outcome: REPORTED, on: "payment", days: 2 },
  fields: { amount: "number", goods: "category", online: "boolean" },
  ratios: { amount: ["terminal.amount_7d", "amount_7d"] },
});

/** Payments of a few people at a few terminals and to each other over 12 days, many at the same moment, and reports up to 4 days later. */
const arbitraryLog: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      user: fc.constantFrom("u1", "u2", "u3"),
      slot: fc.integer({ min: 0, max: 48 }),
      late: fc.constantFrom(0, 0, 0, 6),
      terminal_id: fc.option(fc.constantFrom<Property>("t1", 7, "7", true), { nil: undefined }),
      paid_to: fc.option(fc.constantFrom<Property>("u1", "u2"), { nil: undefined }),
      amount: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
      goods: fc.option(fc.constantFrom("toys", "food"), { nil: undefined }),
      online: fc.option(fc.boolean(), { nil: undefined }),
      report: fc.option(fc.integer({ min: 0, max: 16 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn.flatMap(({ user, slot, late, report, ...given }, i): Event[] => {
      const at = START + (slot * DAY) / 4;
      const known = at + (late * DAY) / 4;
      const entity = { kind: "user", id: user };
      const properties = Object.fromEntries(
        Object.entries({ ...given, payment: i }).filter((pair): pair is [string, Property] => pair[1] !== undefined),
      );
      const paid = { id: `p${i}`, name: PAID, entity, at, known, properties };
      if (report === undefined) return [paid];
      const then = known + (report * DAY) / 4;
      return [paid, { id: `r${i}`, name: REPORTED, entity, at: then, known: then, properties }];
    }),
  )
  .map((events) => events.sort((a, b) => a.known - b.known));

async function filled(events: readonly Event[], together: number): Promise<Lake> {
  const { log, lake } = createMemoryHouse({ reducers, partitions: 3 });
  for (let i = 0; i < events.length; i += together) await log.append(events.slice(i, i + together));
  return lake;
}

async function allOf(lake: Lake): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for await (const batch of lake.readByEntity({})) all.push(...batch);
  return all;
}

/** The order in which events became known: what stands before an event in it is what its row may read. */
const byKnown = (a: LoggedEvent, b: LoggedEvent) =>
  a.known - b.known || comparePositions(a.position, b.position) || a.partition - b.partition;

/** Row by row from the raw events, with no thought for cost; by payment. */
async function naiveRows(lake: Lake, columns: Parameters<typeof createRowEncoder>[0], until: number) {
  const joint = createJoint(reducers, "user", kinds);
  const encode = createRowEncoder(columns, joint.features);
  const log = (await allOf(lake)).sort(byKnown);
  const rows = new Map<string, { row: Float64Array; label: boolean }>();
  for (const [place, event] of log.entries()) {
    if (event.name !== PAID || event.known + 2 * DAY > until) continue;
    const past = log.slice(0, place);
    const entities = [event.entity, ...touched(kinds, event)];
    const readings = entities.map((entity) => {
      if (!entity) return undefined;
      const reducer = reducers.of(entity.kind);
      const state = reducer.empty();
      for (const one of past)
        if (
          [one.entity, ...secondEntities(kinds, one)].some(({ kind, id }) => kind === entity.kind && id === entity.id)
        )
          reducer.write(state, one);
      return reducer.read(state, event.known, undefined, event);
    });
    const reports = log.filter(
      ({ name, entity, properties }) =>
        name === REPORTED && entity.id === event.entity.id && properties.payment === event.properties.payment,
    );
    rows.set(String(event.properties.payment), {
      row: encode(joint.join(readings), event.properties),
      label: reports.some(({ known }) => known >= event.known && known <= event.known + 2 * DAY),
    });
  }
  return rows;
}

test("rows of several entities are those of a naive builder, bit for bit: the future never teaches the past", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryLog, fc.integer({ min: 1, max: 9 }), async (events, together) => {
      const lake = await filled(events, together);
      const { data, about, thing } = await replayDataset({ recipe, lake, reducers });
      const naive = await naiveRows(lake, data.columns, about.until);
      expect([...thing].sort()).toEqual([...naive.keys()].sort());
      for (let i = 0; i < data.rows; i++) {
        const expected = naive.get(thing[i]);
        expect(data.values.map((values) => values[i])).toEqual([...(expected?.row ?? [])]);
        expect(data.label[i]).toBe(Number(expected?.label));
      }
    }),
    { numRuns: 200 },
  );
});

test("a terminal's reports are in a row from the moment they are known", async () => {
  const paid = (i: number, user: string, hour: number): Event => {
    const at = START + hour * 3_600_000;
    const properties = { terminal_id: 7, payment: i, amount: 10 * i };
    return { id: `p${i}`, name: PAID, entity: { kind: "user", id: user }, at, known: at, properties };
  };
  const reported = { ...paid(1, "u1", 50), id: "r1", name: REPORTED };
  const lake = await filled([paid(1, "u1", 0), paid(2, "u2", 49), reported, paid(3, "u3", 51), paid(4, "u1", 200)], 1);
  const { data, thing, about } = await replayDataset({ recipe, lake, reducers });
  const column = (name: string) => data.values[data.columns.findIndex((one) => one.name === name)];
  const of = (name: string, payment: string) => column(name)[thing.indexOf(payment)];
  expect(about).toMatchObject({ rows: 3, immature: 1, positives: 0 }); // the report came after two days
  expect(of("terminal.reports_7d", "2")).toBe(0);
  expect(of("terminal.reports_7d", "3")).toBe(1);
  expect(of("terminal.payments_7d", "3")).toBe(2);
  expect(of("terminal.payments_7d", "1")).toBeNaN(); // nothing was known of it
  expect(of("event.amount / terminal.amount_7d", "3")).toBe(30 / 15);
  expect(of("event.amount / amount_7d", "3")).toBeNaN();
});
