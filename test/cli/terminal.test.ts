import { expect, test } from "vitest";
import { table } from "../../src/cli/terminal.ts";

test("what an event holds cannot move the cursor, ring the bell or begin a line", () => {
  const lines = table(["feature", "value"], [["city", "\u001b[2JBonn\u0007\nadmin\u009b1m"]]).split("\n");
  expect(lines).toEqual(["feature  value", "city     \ufffd[2JBonn\ufffd\ufffdadmin\ufffd1m"]);
});
