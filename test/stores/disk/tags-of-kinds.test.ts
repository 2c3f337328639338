import { expect, test } from "vitest";
import { paint } from "../../../src/portraits/portrait.ts";
import { loadDeclarations, mergeDeclarations, reducersOf } from "../../../src/stores/disk/declarations.ts";
import { NOON, tinyEvent } from "../../support/scoring.ts";

const builtIn = loadDeclarations(undefined, "/nowhere");
const payments = { name: "payments_7d", kind: "count", event: "Payment", window: { days: 7 }, about: "payments" };
const busy = { name: "busy terminal", when: [{ feature: "payments_7d", atLeast: 2 }] };
const declare = (tags: readonly unknown[]) =>
  mergeDeclarations({ entities: { terminal: { from: "terminal", features: [payments] } }, tags }, builtIn, "mine.json");

test("a tag may ask for features of a declared kind, and who is of that kind carries it", () => {
  const declared = declare([busy]);
  const reducers = reducersOf(declared);
  const tagsOf = (kind: string) => {
    const reducer = reducers.of(kind);
    const state = reducer.empty();
    for (const id of ["e1", "e2"]) reducer.write(state, tinyEvent({ id, name: "Payment", entity: { kind, id: "1" } }));
    const row = reducer.read(state, NOON);
    return paint({ entity: { kind, id: "1" }, reducer, row, now: NOON, tagRules: declared.tags }).tags;
  };
  expect(tagsOf("terminal")).toMatchObject([{ name: "busy terminal", evidence: [{ value: 2 }] }]);
  expect(tagsOf("user").map(({ name }) => name)).not.toContain("busy terminal");
});

test("a tag that asks for features of two kinds, which nobody has, is refused; so is an unknown one", () => {
  const mixed = { ...busy, when: [...busy.when, { feature: "orders_90d", atLeast: 1 }] };
  expect(() => declare([mixed])).toThrow(
    "tags › busy terminal: no kind of entity has all of payments_7d, orders_90d; wanted features of one kind",
  );
  const misspelt = { ...busy, when: [{ feature: "payment_7d", atLeast: 1 }] };
  expect(() => declare([misspelt])).toThrow("there is no feature payment_7d; did you mean payments_7d");
});
