import { expect, test } from "vitest";
import { inWords } from "../../src/cli/commands/replay.ts";

const equal = { entities: 3, equal: 3, different: 0, missing: 0, extra: 0, ahead: 0, behind: 0 };

test("a verification of states that are all equal needs no words, and what was not compared is said", () => {
  expect(inWords(equal)).toBe("");
  expect(inWords({ ...equal, ahead: 2 })).toMatch(/^2 hold events that are not in the lake, and were not compared\./);
  expect(inWords({ ...equal, equal: 2, different: 1, behind: 4 }).split("\n")).toEqual([
    expect.stringMatching(/^1 differ, 0 are missing, 0 are not in the log\. .*`portrait replay`/),
    "4 wait for events that are on their way to them, and were not compared.",
    "",
  ]);
});
