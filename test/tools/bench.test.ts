import { expect, test } from "vitest";
import { benchLine } from "../../models/bench-line.ts";
import { findBenches, judge, tableOf } from "../../tools/bench.ts";

test("benches are found by the name before .bench.ts", () => {
  const benches = findBenches();
  expect(benches.get("train")).toMatch(/models\/gbdt\/train\.bench\.ts$/);
  expect(benches.get("score-row")).toMatch(/models\/gbdt\/score-row\.bench\.ts$/);
});

test("a line's value is the median of its runs, and it is judged by the better direction", () => {
  expect(benchLine("a", [3, 1, 2], "lower").value).toBe(2);
  expect(benchLine("a", [4, 1], "lower").value).toBe(2.5);
  expect(judge(benchLine("time", [0.4, 0.6, 0.5], "lower", 0.5)).ok).toBe(true);
  expect(judge(benchLine("time", [0.6], "lower", 0.5)).ok).toBe(false);
  expect(judge(benchLine("rate", [7], "higher", 6)).ok).toBe(true);
  expect(judge(benchLine("rate", [7], "higher")).ok).toBeUndefined();
});

test("the table shows mark, name, value, goal and runs", () => {
  const table = tableOf([
    judge(benchLine("time", [0.4, 0.6], "lower", 0.45)),
    judge(benchLine("rows", [12], "higher")),
  ]);
  expect(table.split("\n").map((line) => line.trim().split(/\s+/))).toEqual([
    ["✗", "time", "0.5", "goal", "≤", "0.45", "0.4", "0.6"],
    ["rows", "12", "12"],
  ]);
});
