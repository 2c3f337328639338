import { describe, expect, test } from "vitest";
import type { Calibration } from "../../../models/calibrate/calibration.ts";
import { constant } from "../../../models/constant/constant.ts";
import type { Dataset, Model } from "../../../models/model.ts";
import { createRandom } from "../../../models/random.ts";
import { decide } from "../../../training/learn/decide.ts";
import { developOnParts } from "../../../training/learn/develop.ts";
import { learn } from "../../../training/learn/learn.ts";
import type { LearnPlan } from "../../../training/learn/learned.ts";
import { type Candidate, qualityCandidates } from "../../../training/learn/quality.ts";
import { renderReport } from "../../../training/learn/report.ts";
import { toArtifact } from "../../../training/publish/publish.ts";
import { aTable } from "../../support/rows.ts";

const small = aTable(300);
const plan = (quality: LearnPlan["quality"], more: Partial<LearnPlan> = {}): LearnPlan => ({
  learners: [],
  quality,
  seed: 1,
  parts: "chance",
  ...more,
});
const about = {
  model: "churn",
  version: "v1",
  seed: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  source: { type: "table", file: "a.csv", sha256: "0".repeat(64), label: "churn", positive: "yes" },
} as const;

test("fast fits one forest beside the constant", async () => {
  const learned = await learn(small, plan("fast"));
  expect(learned.candidates?.map(({ name }) => name).sort()).toEqual(["constant", "gbdt"]);
});

describe("balanced", async () => {
  const seen: number[] = [];
  const learned = await learn(small, plan("balanced", { onProgress: (done) => seen.push(done) }));

  test("compares forest, logistic regression, net and their blend, and the report says who stood where", () => {
    const names = ["blend", "constant", "gbdt", "logistic", "net"];
    expect(learned.candidates?.map(({ name }) => name).sort()).toEqual(names);
    expect(Object.keys(learned.metrics).sort()).toEqual(names);
    const text = renderReport(learned, { title: "churn", positive: "churn is yes", seed: 1 });
    expect(text).toMatch(/What was tried, on rows that it had not fitted/);
    expect(text).toMatch(/taken/);
    expect(text).toMatch(/blend: \d\.\d\d × /);
    expect(text).not.toMatch(/undefined|NaN/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect(learned.why).toContain("standard error");
  });

  test("the winner has the least log loss but for a blend that is not clearly better", () => {
    const singles = (learned.candidates ?? []).filter(({ name }) => name !== "blend");
    const blend = learned.candidates?.find(({ name }) => name === "blend");
    const best = singles.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
    if (learned.model.kind === "blend") expect(blend?.logLoss).toBeLessThan(best.logLoss);
    else expect(learned.model.kind).toBe(best.name);
  });

  test("its progress rises to 1, and the same seed gives the same bytes", async () => {
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(seen.at(-1)).toBe(1);
    const again = await learn(small, plan("balanced"));
    expect(toArtifact(again, about).digest).toBe(toArtifact(learned, about).digest);
  });
});

test("best bags and searches within its budget, and what it stores answers like what it learned", async () => {
  const learned = await learn(small, plan("best", { budgetMs: 1 }));
  const names = learned.candidates?.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["gbdt", "gbdt searched 1", "logistic", "net", "blend"]));
  expect(learned.candidates?.find(({ name }) => name === "gbdt searched 1")?.about).toMatch(
    /depth \d, shrinkage 0\.\d/,
  );
  expect(learned.metrics[learned.model.kind].auc).toBeGreaterThan(0.6);
  const { manifest } = toArtifact(learned, about);
  expect(manifest.metrics[manifest.kind]).toEqual(learned.metrics[learned.model.kind]);
});

test("by time: nothing is rotated, and each quality still answers", async () => {
  const time = Float64Array.from({ length: 300 }, (_, i) => i);
  const learned = await learn({ ...small, time }, plan("balanced", { parts: "time" }));
  expect(learned.parts.folds).toBeUndefined();
  expect(learned.why).toContain("on the choosing rows");
});

test("a training that is stopped leaves with the named error", async () => {
  const stop = new AbortController();
  const work = learn(small, plan("best", { signal: stop.signal, onProgress: (done) => done > 0.2 && stop.abort() }));
  await expect(work).rejects.toMatchObject({ code: "TRAINING_CANCELLED" });
});

describe("deciding", async () => {
  const rows = 400;
  const data: Dataset = { ...aTable(rows), rows };
  const model: Model = await constant.fit(data, constant.defaults, { seed: 1 });
  /** A candidate whose rows lost `loss` on average, with noise of its own. */
  function candidate(name: string, loss: number, noise = 0, micros = 0): Candidate {
    const random = createRandom(name.length);
    const calibration: Calibration = { kind: "identity" };
    return {
      ...{ name, calibration, seconds: 1, why: "", unseen: new Float64Array(rows) },
      loss: Float64Array.from({ length: rows }, () => loss + noise * random.normal()),
      logLoss: { identity: loss, platt: loss, beta: loss, isotonic: loss },
      model: micros ? slow(micros) : model,
    };
  }
  const slow = (micros: number): Model => ({
    ...model,
    margin(row) {
      const until = performance.now() + micros / 1000;
      while (performance.now() < until);
      return model.margin(row);
    },
  });
  const development = developOnParts(data, data);
  const where = "over 5 folds";

  test("the smallest log loss wins among singles", () => {
    const { winner, why, standing } = decide([candidate("a", 0.5), candidate("bb", 0.4)], development, { where });
    expect(winner.name).toBe("bb");
    expect(why).toBe("bb has the smallest log loss over 5 folds: 0.4000, against a 0.5000");
    expect(standing.map(({ name, behind }) => [name, Number(behind.toFixed(6))])).toEqual([
      ["bb", 0],
      ["a", 0.1],
    ]);
  });

  test("a blend that is better by less than the standard error is passed over, by more is taken", () => {
    // 0.4 of noise over 400 rows is a standard error of about 0.03 for the difference.
    const single = candidate("gbdt", 0.4, 0.4);
    const close = decide([single, candidate("blend", 0.395, 0.4)], development, { where });
    expect(close.winner.name).toBe("gbdt");
    expect(close.why).toContain("not better by more than the standard error");
    const asked = decide([single, candidate("blend", 0.395, 0.4)], development, { where, convincing: 0 });
    expect(asked.winner.name).toBe("blend");
    // Asked for the best: a blend behind by less than the standard error is taken, one behind by several is not.
    const best = { where, convincing: -1 };
    const behind = decide([single, candidate("blend", 0.42, 0.4)], development, best);
    expect(behind.winner.name).toBe("blend");
    expect(behind.why).toMatch(/blend is as good as the best single learner.*it is behind gbdt by 0\.0/);
    const worse = decide([single, candidate("blend", 0.5, 0.4)], development, best);
    expect(worse.winner.name).toBe("gbdt");
    expect(worse.why).toContain("is worse by more than the standard error");
    const clear = decide([single, candidate("blend", 0.2, 0.4)], development, { where });
    expect(clear.winner.name).toBe("blend");
    expect(clear.why).toContain("it beats gbdt by 0.");
  });

  test("a candidate over the latency budget is passed over, and said; when all are, the fastest wins", () => {
    const list = [candidate("a", 0.5), candidate("bb", 0.4, 0, 40)];
    const { winner, why } = decide(list, development, { where, latencyUs: 20 });
    expect(winner.name).toBe("a");
    expect(why).toMatch(/a has the smallest|a is the best/);
    expect(why).toMatch(/passed over as too slow: bb \d+\.\d µs/);
    const none = decide(list, development, { where, latencyUs: 1e-6 });
    expect(none.winner.name).toBe("a");
    expect(none.why).toContain("nothing keeps to");
  });
});

test("an infinite patience is not needed: a budget that is over still searches once", async () => {
  let now = 0;
  const development = developOnParts(aTable(200, 1), aTable(200, 2));
  const found = await qualityCandidates(development, {
    quality: "best",
    seed: 1,
    budgetMs: 0,
    clock: () => now,
    cpuMs: () => now++,
    onProgress: () => {},
  });
  expect(found.filter(({ name }) => name.startsWith("gbdt searched"))).toHaveLength(1);
});
