import fc from "fast-check";
import { expect, test } from "vitest";
import { createWaitingLine, type InLine } from "../../src/http/waiting-line.ts";

interface Person extends InLine {
  readonly name: number;
}
const person = (name: number): Person => ({ name, before: undefined, after: undefined });

test("the first is who came first of those who are still there, whoever steps out and comes back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5))), (steps) => {
      const line = createWaitingLine<Person>();
      const people = Array.from({ length: 6 }, (_, name) => person(name));
      const there = new Set<number>(); // keeps the order of coming
      for (const [joins, name] of steps) {
        if (!joins) expect(line.leave(people[name])).toBe(there.delete(name));
        else if (!there.has(name)) {
          line.join(people[name]);
          there.add(name);
        }
        expect(line.first()?.name).toBe([...there][0]);
      }
      for (const name of there) {
        expect(line.first()?.name).toBe(name);
        line.leave(people[name]);
      }
      expect(line.first()).toBeUndefined();
    }),
  );
});
