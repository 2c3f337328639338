import { expect, test } from "vitest";
import type { MetricSet } from "../../../src/scoring/artifact.ts";
import { type Case, judge } from "../../../training/judge/gate.ts";

const metrics = (auc: number | null, logLoss: number | null): MetricSet => ({
  rows: 2_000,
  positives: 400,
  auc,
  averagePrecision: null,
  logLoss,
  brier: null,
  ece: null,
  ks: null,
});
const good: Case = {
  gate: { minRows: 500, minPositives: 30, aucSlack: 0.01 },
  rows: 10_000,
  positives: 2_000,
  candidate: metrics(0.8, 0.4),
  constant: metrics(0.5, 0.5),
};

test("the first good version answers", () => {
  expect(judge(good)).toEqual({ promote: true, why: "the first version, AUC 0.800" });
});

test.each<[string, Partial<Case>, string]>([
  ["too few rows", { rows: 499 }, "it learned from 499 rows, and the gate wants 500"],
  ["too few positives", { positives: 29 }, "29 rows are positive, and the gate wants 30"],
  [
    "no better than the base rate",
    { candidate: metrics(0.52, 0.51) },
    "it is no better than always saying the base rate (log loss 0.510 against 0.500, AUC 0.520)",
  ],
  [
    "a test part of one class",
    { candidate: metrics(null, 0.1) },
    "the test rows are all of one class, so nothing can be said of it",
  ],
  [
    "clearly worse than the champion",
    { champion: { version: "v1", auc: 0.82 } },
    "AUC 0.800 against 0.820 of v1 on the same 2,000 rows, and the gate lets it lose 0.01",
  ],
])("with %s it is kept back, and the reason says so", (_, change, why) => {
  expect(judge({ ...good, ...change })).toEqual({ promote: false, why });
});

test("a little worse than the champion, within the slack, it answers: it is newer", () => {
  expect(judge({ ...good, champion: { version: "v1", auc: 0.809 } })).toEqual({
    promote: true,
    why: "AUC 0.800 against 0.809 of v1 on the same 2,000 rows",
  });
});

test("a champion that cannot read the rows does not stand in the way, and that is said", () => {
  const champion = { version: "v1", unreadable: "it reads the column visits, which these rows do not have" };
  expect(judge({ ...good, champion })).toEqual({
    promote: true,
    why: "AUC 0.800; v1 could not be compared: it reads the column visits, which these rows do not have",
  });
});
