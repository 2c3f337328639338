import { expect, test } from "vitest";
import { type AnsweredCalls, callName } from "../../src/scoring/answered-calls.ts";

/** The promises of every AnsweredCalls. `open` gives one that is empty. */
export function answeredCallsKeepTheirPromises(open: () => AnsweredCalls): void {
  test("the receipt that answered a call first is found by its name; of others nothing", async () => {
    const answered = open();
    const name = callName({ kind: "user", id: "ann" }, "order-1");
    expect(await answered.find(name)).toBeUndefined();
    await answered.keep(name, "01A");
    await answered.keep(name, "01B");
    expect(await answered.find(name)).toBe("01A");
    expect(await answered.find(callName({ kind: "user", id: "ann" }, "order-2"))).toBeUndefined();
  });
}
