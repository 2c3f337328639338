import fc from "fast-check";
import { expect, test } from "vitest";
import { NOBODY, redactEvent } from "../../src/erasure/redact-event.ts";
import { type EntityRef, entityKey } from "../../src/events/event.ts";
import { secondEntities } from "../../src/features/entity-kinds.ts";
import { anEvent } from "../support/events.ts";
import { payingReducers } from "../support/touches.ts";

const reducers = payingReducers(); // kinds terminal and card; they count Payment, and the terminal adds its amount
const user = (id: string): EntityRef => ({ kind: "user", id });
const payment = anEvent({
  user: "a",
  name: "Payment",
  properties: { amount: 2, terminal: 7, card: "c1", email: "a@example.org" },
});

test("what one did alone goes whole; what touched others stays for them, of nobody, with what they read", () => {
  expect(redactEvent(anEvent({ user: "a", properties: { revenue: 1 } }), user("a"), reducers)).toBeUndefined();
  expect(redactEvent(payment, user("b"), reducers)).toBe(payment);
  expect(redactEvent(payment, user("a"), reducers)).toEqual({
    name: "Payment",
    entity: { kind: NOBODY, id: "" },
    properties: { amount: 2, terminal: 7, card: "c1" },
  });
});

test("what others did and what names one stays, without the name; of nobody's rows none stays that touches nobody", () => {
  const terminal = { kind: "terminal", id: "7" };
  const { terminal: _, ...without } = payment.properties;
  expect(redactEvent(payment, terminal, reducers)).toEqual({
    name: "Payment",
    entity: user("a"),
    properties: without,
  });
  const nobodys = redactEvent(payment, user("a"), reducers);
  const next = nobodys && redactEvent(nobodys, terminal, reducers);
  expect(next).toMatchObject({ entity: { kind: NOBODY }, properties: { card: "c1" } });
  expect(next && redactEvent(next, { kind: "card", id: "c1" }, reducers)).toBeUndefined();
  expect(redactEvent(payment, { kind: "terminal", id: "70" }, reducers)).toBe(payment);
});

test("an alias names the old user, a group its company, and a free property nobody", () => {
  const alias = anEvent({ user: "new", name: "$alias", properties: { previous_id: "a" } });
  expect(redactEvent(alias, user("a"), reducers)).toMatchObject({ entity: user("new"), properties: {} });
  expect(redactEvent({ ...alias, name: "Seen" }, user("a"), reducers)).toMatchObject({
    properties: { previous_id: "a" },
  });
  const group = anEvent({ user: "a", name: "$group", properties: { group_id: "acme" } });
  expect(redactEvent(group, { kind: "company", id: "acme" }, reducers)).toMatchObject({ properties: {} });
});

/** The states of all that events happened to or touched, encoded, by entity. */
function statesAfter(events: readonly Parameters<typeof redactEvent>[0][]): Map<string, string> {
  const states = new Map<string, ReturnType<ReturnType<typeof reducers.of>["empty"]>>();
  for (const event of events) {
    const own = event.entity.kind === NOBODY ? [] : [event.entity];
    for (const entity of [...own, ...secondEntities(reducers.kinds, event)]) {
      const reducer = reducers.of(entity.kind);
      const state = states.get(entityKey(entity)) ?? reducer.empty();
      reducer.write(state, { at: payment.at, ...event });
      states.set(entityKey(entity), state);
    }
  }
  return new Map(
    [...states].map(([key, state]) => [key, Buffer.from(reducers.of(key.split(":")[0]).encode(state)).toString("hex")]),
  );
}

test("whoever is erased, in whatever order, all others are what they were, and those are nowhere", () => {
  const anEntity = fc.oneof(
    fc.constantFrom("a", "b", "c").map(user),
    fc.constantFrom("1", "2").map((id) => ({ kind: "terminal", id })),
    fc.constantFrom("c1", "c2").map((id) => ({ kind: "card", id })),
  );
  const aPayment = fc.record({
    entity: anEntity,
    name: fc.constantFrom("Payment", "Refund"),
    properties: fc.record(
      {
        amount: fc.integer({ min: 1, max: 9 }),
        terminal: fc.constantFrom<string | number>(1, "2"),
        card: fc.constantFrom("c1", "c2"),
      },
      { requiredKeys: [] },
    ),
  });
  fc.assert(
    fc.property(
      fc.array(aPayment, { maxLength: 12 }),
      fc.uniqueArray(anEntity, { maxLength: 3, selector: entityKey }),
      (events, gone) => {
        const wanted = statesAfter(events);
        for (const person of gone) wanted.delete(entityKey(person));
        let left: readonly Parameters<typeof redactEvent>[0][] = events;
        for (const person of gone) left = left.flatMap((event) => redactEvent(event, person, reducers) ?? []);
        expect(statesAfter(left)).toEqual(wanted);
      },
    ),
    { numRuns: 500 },
  );
});
