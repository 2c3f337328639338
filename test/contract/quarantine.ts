import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import type { EventLog } from "../../src/events/event-log.ts";
import { compileEventSchemas, EventSchemas } from "../../src/events/event-schema.ts";
import { type Quarantine, replayQuarantine } from "../../src/events/quarantine.ts";
import { anEvent, DAY, NOON } from "../support/events.ts";

export interface QuarantineBounds {
  readonly most?: number;
  readonly keepMs?: number;
  readonly clock?: () => number;
}

const unfit = (given: Parameters<typeof anEvent>[0], reason = "wanted otherwise") => ({
  event: anEvent(given),
  reason,
});

/** The promises of every quarantine; `open` gives an empty one whose clock is the machine's unless one is given. */
export function quarantineKeepsItsPromises(
  name: string,
  open: (bounds?: QuarantineBounds) => Promise<Quarantine>,
): void {
  test(`${name}: what is set aside is there whole, oldest first`, async () => {
    const quarantine = await open();
    const strange = unfit({ id: "m1", properties: { "cart.total": -1, note: "it's ✓", gift: true } }, 'wanted "é"');
    await quarantine.put([strange, unfit({ id: "m2", name: "Paid" })]);
    await quarantine.put([unfit({ id: "m3" })]);
    const all = await quarantine.list({ limit: 10 });
    expect(all.map(({ event }) => event.id)).toEqual(["m1", "m2", "m3"]);
    const [first, second] = all;
    expect({ ...first.event, properties: { ...first.event.properties } }).toEqual(strange.event);
    expect(first.reason).toBe('wanted "é"');
    expect(Math.abs(first.at - Date.now())).toBeLessThan(60_000);
    expect(await quarantine.load(second.id)).toEqual(second);
  });

  test(`${name}: a list goes on after a place, and by name`, async () => {
    const quarantine = await open();
    await quarantine.put(Array.from({ length: 9 }, (_, i) => unfit({ id: `m${i}`, name: i % 2 ? "odd" : "even" })));
    const ids = async (query: Parameters<Quarantine["list"]>[0]) =>
      (await quarantine.list(query)).map(({ event }) => event.id);
    const [, , third] = await quarantine.list({ limit: 3 });
    expect(await ids({ limit: 2, after: third.id })).toEqual(["m3", "m4"]);
    expect(await ids({ limit: 9, name: "odd" })).toEqual(["m1", "m3", "m5", "m7"]);
    expect(await ids({ limit: 1, name: "odd", after: third.id })).toEqual(["m3"]);
  });

  test(`${name}: what is removed is gone, and what is not there is not`, async () => {
    const quarantine = await open();
    await quarantine.put([unfit({ id: "m1" }), unfit({ id: "m2" })]);
    const [first] = await quarantine.list({ limit: 1 });
    expect(await quarantine.remove([first.id, "9-9", "nonsense"])).toBe(1);
    expect(await quarantine.load(first.id)).toBeUndefined();
    expect(await quarantine.load("nonsense")).toBeUndefined();
    expect(await quarantine.list({ limit: 9 })).toHaveLength(1);
  });

  test(`${name}: an entity is forgotten whole, and nobody else`, async () => {
    const quarantine = await open();
    await quarantine.put([
      unfit({ user: "ann" }),
      unfit({ user: "bob" }),
      unfit({ user: "ann" }),
      unfit({ entity: { kind: "company", id: "ann" } }),
    ]);
    expect(await quarantine.forget({ kind: "user", id: "ann" })).toBe(2);
    const left = await quarantine.list({ limit: 9 });
    expect(left.map(({ event }) => `${event.entity.kind}:${event.entity.id}`)).toEqual(["user:bob", "company:ann"]);
  });

  test(`${name}: the oldest make room, by age`, async () => {
    let now = Date.now();
    const quarantine = await open({ keepMs: DAY, clock: () => now });
    await quarantine.put([unfit({ id: "old" })]);
    const [old] = await quarantine.list({ limit: 1 });
    now += 2 * DAY;
    expect(await quarantine.list({ limit: 9 })).toEqual([]);
    expect(await quarantine.load(old.id)).toBeUndefined();
  });

  test(`${name}: the oldest make room, by number`, async () => {
    const quarantine = await open({ most: 300 });
    for (let i = 0; i < 10; i++)
      await quarantine.put(Array.from({ length: 100 }, (_, j) => unfit({ id: `m${100 * i + j}` })));
    const all = await quarantine.list({ limit: 2_000 });
    expect(all.length).toBeGreaterThanOrEqual(300);
    expect(all.length).toBeLessThan(500); // a stream is trimmed by whole nodes
    expect(all.at(-1)?.event.id).toBe("m999");
  });

  test(`${name}: a replay takes what fits by now, with its own id and time, known only now`, async () => {
    const quarantine = await open();
    const taken: Event[] = [];
    const log: EventLog = { append: async (events) => void taken.push(...events) };
    await quarantine.put([
      unfit({ id: "fits", at: NOON, properties: { revenue: 5 } }),
      unfit({ id: "not yet", at: NOON, properties: { revenue: -5 } }),
    ]);
    const check = compileEventSchemas(
      EventSchemas.parse({ "Order Completed": { properties: { revenue: { type: "number", min: 0 } } } }),
    );
    const now = NOON + DAY;
    expect(await replayQuarantine({ quarantine, log, check, now })).toEqual({ replayed: 1, kept: 1, unknown: [] });
    expect(taken.map(({ id, at, known, properties }) => ({ id, at, known, ...properties }))).toEqual([
      { id: "fits", at: NOON, known: now, revenue: 5 },
    ]);
    const [left, ...none] = await quarantine.list({ limit: 9 });
    expect([left.event.id, none]).toEqual(["not yet", []]);

    const gone = { quarantine, log, check: undefined, now, ids: [left.id, "1-1"] };
    expect(await replayQuarantine(gone)).toEqual({ replayed: 1, kept: 0, unknown: ["1-1"] });
    expect(await quarantine.list({ limit: 9 })).toEqual([]);
  });

  test(`${name}: a replay that the log refuses loses nothing`, async () => {
    const quarantine = await open();
    await quarantine.put([unfit({ id: "m1" })]);
    const log: EventLog = { append: () => Promise.reject(new Error("away")) };
    await expect(replayQuarantine({ quarantine, log, check: undefined, now: NOON })).rejects.toThrow("away");
    expect(await quarantine.list({ limit: 9 })).toHaveLength(1);
  });
}
