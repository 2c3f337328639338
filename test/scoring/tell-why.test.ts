import { expect, test } from "vitest";
import { tellWhy } from "../../src/scoring/tell-why.ts";
import { tinyScorer } from "../support/scoring.ts";

const scorer = tinyScorer({
  weights: [1, 0, 0],
  base: -1,
  manifest: {
    usual: [
      { low: 0, middle: 1, high: 4, missing: 0 },
      { top: [{ value: "books", share: 1 }], missing: 0 },
      { low: 0, middle: 10, high: 20, missing: 0 },
    ],
  },
});

function recordOf(orders: number) {
  const row = Float64Array.of(orders, 0, 10);
  const { margin, probability } = scorer.score(row);
  return { model: "purchase", version: "v1", digest: scorer.digest, row, margin, probability };
}

test("tells the reasons and the cheapest change over the threshold", () => {
  const why = tellWhy(recordOf(0), scorer, {
    threshold: 0.5,
    actionable: [{ feature: "orders_30d", direction: "up" }],
  });
  // margin = orders − 1: one order is a half
  expect(why.change).toEqual({
    steps: [{ feature: "orders_30d", from: 0, to: 1, words: "orders in the last 30 days: 1 instead of 0" }],
    probability: 0.5,
  });
  expect(why.words).toEqual([
    expect.stringMatching(/^purchase v1 answered 26\.9 %.*: below the threshold of 50\.0 %\.$/),
    "It would have been 50.0 % with orders in the last 30 days: 1 instead of 0.",
  ]);
});

test("a score above the threshold is told what would have taken it below", () => {
  const why = tellWhy(recordOf(3), scorer, { threshold: 0.5, actionable: [{ feature: "orders_30d" }] });
  expect(why.change?.steps).toEqual([expect.objectContaining({ from: 3, to: 0 })]);
  expect(why.reasons.map(({ feature }) => feature)).toEqual(["orders_30d"]);
  expect(why.words[1]).toMatch(/^Most of it came from: 3 orders in the last 30 days/);
});

test("says so when nothing may be changed, or nothing is enough", () => {
  expect(tellWhy(recordOf(0), scorer, { threshold: 0.5, actionable: [] }).words.at(-1)).toBe(
    "The recipe names nothing that can be changed.",
  );
  const none = tellWhy(recordOf(0), scorer, { threshold: 0.5, actionable: [{ feature: "spent_30d" }] });
  expect(none.change).toBeUndefined();
  expect(none.words.at(-1)).toBe("No change of what can be changed would have taken it over the threshold.");
});

test("without a threshold the version's highest band is meant; another version's receipt is refused", () => {
  const why = tellWhy(recordOf(0), scorer, { actionable: [] });
  expect(why.threshold).toBe(scorer.manifest.bands.at(-1)?.from);
  expect(() => tellWhy({ ...recordOf(0), digest: "0" }, scorer, { actionable: [] })).toThrow(
    /not the one that answered/,
  );
});
