import { expect, test } from "vitest";
import { aucGained, foldInterval, lossGained } from "../../../training/learn/bench-figures.ts";
import type { CutTable } from "../../../training/learn/bench-tables.ts";

const turn = (fold: number, test: number[]) => ({
  ...{ name: `1.${fold + 1}`, repeat: 0, fold },
  train: new Uint32Array(),
  test: Uint32Array.from(test),
});
const cut: CutTable = {
  name: "four rows",
  data: { columns: [], rows: 4, values: [], label: Uint8Array.of(1, 0, 1, 0) },
  fold: [Uint8Array.of(0, 0, 1, 1)],
  turns: [turn(0, [0, 1]), turn(1, [2, 3])],
};
const said = (...p: [number, number, number, number]) => ({
  said: { "1.1": p.slice(0, 2), "1.2": p.slice(2) },
  seconds: 1,
});

test("two folds that differ by 1 and 3 say 2 ± 12.71 · √(2 · (1/2 + 1/4)), one fold says nothing", () => {
  const [low, high] = foldInterval([1, 3]);
  expect(low).toBeCloseTo(2 - 12.71 * Math.sqrt(1.5), 10);
  expect(high).toBeCloseTo(2 + 12.71 * Math.sqrt(1.5), 10);
  expect(foldInterval([1])).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test("ours ranks both folds right, theirs one wrong: AUC gained 0 and 1", () => {
  const gained = aucGained(cut, said(0.8, 0.2, 0.8, 0.2), said(0.8, 0.2, 0.2, 0.8));
  expect(gained.runs).toEqual([0, 1]);
  expect(gained.value).toBe(0.5);
});

test("the log loss gained is ln 0.5 − ln 0.8 a row where they say a coin and ours 0.8 of what happened", () => {
  const { runs, value, interval } = lossGained(cut, said(0.8, 0.2, 0.8, 0.2), said(0.5, 0.5, 0.5, 0.5));
  const gain = Math.log(0.5) - Math.log(0.8);
  for (const run of runs) expect(run).toBeCloseTo(gain, 12);
  expect(value).toBeCloseTo(gain, 12);
  expect(interval[1] - interval[0]).toBeCloseTo(0, 6);
});
