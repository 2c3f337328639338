import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logistic } from "../../../models/math/logistic.ts";
import { logit } from "../../../models/math/logit.ts";
import { auc } from "../../../models/metrics/auc.ts";
import { aucInterval } from "../../../models/metrics/auc-interval.ts";
import { averagePrecision } from "../../../models/metrics/average-precision.ts";
import { brier, brierParts } from "../../../models/metrics/brier.ts";
import { ece } from "../../../models/metrics/ece.ts";
import { equalMassBins } from "../../../models/metrics/equal-mass-bins.ts";
import { expectedEce } from "../../../models/metrics/expected-ece.ts";
import { gain } from "../../../models/metrics/gain.ts";
import { gini } from "../../../models/metrics/gini.ts";
import { ks } from "../../../models/metrics/ks.ts";
import { logLoss } from "../../../models/metrics/log-loss.ts";
import { reliability } from "../../../models/metrics/reliability.ts";
import { createRandom } from "../../../models/random.ts";

interface Golden {
  name: string;
  probability: number[];
  label: number[];
  auc: number;
  averagePrecision: number;
  logLoss: number;
  brier: number;
  ks: number;
  happened: number[];
  said: number[];
}
const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../fixtures/metrics/golden.json", import.meta.url), "utf8"),
).metrics;

describe.each(golden)("against scikit-learn, $name probabilities", (set) => {
  const p = Float64Array.from(set.probability);
  const y = Uint8Array.from(set.label);
  test("AUC, Gini, average precision, log loss, Brier and KS agree", () => {
    expect(auc(p, y)).toBeCloseTo(set.auc, 12);
    expect(gini(p, y)).toBeCloseTo(2 * set.auc - 1, 12);
    expect(averagePrecision(p, y)).toBeCloseTo(set.averagePrecision, 12);
    expect(logLoss(p, y)).toBeCloseTo(set.logLoss, 12);
    expect(brier(p, y)).toBeCloseTo(set.brier, 12);
    expect(ks(p, y)).toBeCloseTo(set.ks, 12);
  });
});

test("without ties the reliability curve is scikit-learn's", () => {
  for (const set of golden.filter(({ name }) => name !== "tied"))
    reliability(Float64Array.from(set.probability), Uint8Array.from(set.label), 5).forEach((point, b) => {
      expect(point.probability).toBeCloseTo(set.said[b], 12);
      expect(point.rate).toBeCloseTo(set.happened[b], 12);
    });
});

/** Scores with many ties, and labels of both kinds. */
const scored = fc
  .array(fc.tuple(fc.constantFrom(0.1, 0.2, 0.35, 0.5, 0.8, 0.95), fc.constantFrom(0, 1)), {
    minLength: 4,
    maxLength: 60,
  })
  .map((rows) => [...rows, [0.2, 1], [0.5, 0], [0.3, 1], [0.6, 0]])
  .map((rows) => ({ p: Float64Array.from(rows, (r) => r[0]), y: Uint8Array.from(rows, (r) => r[1]) }));

const pairs = (p: Float64Array, y: Uint8Array) => {
  let [won, all] = [0, 0];
  for (let i = 0; i < p.length; i++)
    for (let j = 0; j < p.length; j++)
      if (y[i] && !y[j]) {
        won += p[i] > p[j] ? 1 : p[i] === p[j] ? 0.5 : 0;
        all++;
      }
  return won / all;
};

test("AUC equals counting pairs, whatever the ties", () => {
  fc.assert(
    fc.property(scored, ({ p, y }) => {
      expect(auc(p, y)).toBeCloseTo(pairs(p, y), 12);
    }),
  );
});

test("DeLong's error equals the one counted from every pair", () => {
  fc.assert(
    fc.property(scored, ({ p, y }) => {
      const [positive, negative] = [1, 0].map((wanted) => [...p.keys()].filter((i) => y[i] === wanted));
      const against = (i: number, others: number[], sign: number) =>
        others.reduce((sum, j) => sum + (p[i] === p[j] ? 0.5 : sign * (p[i] - p[j]) > 0 ? 1 : 0), 0) / others.length;
      const variance = (list: number[]) => {
        const mean = list.reduce((a, b) => a + b, 0) / list.length;
        return list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (list.length - 1);
      };
      const ten = variance(positive.map((i) => against(i, negative, 1)));
      const one = variance(negative.map((j) => against(j, positive, -1)));
      const interval = aucInterval(p, y);
      expect(interval.auc).toBeCloseTo(pairs(p, y), 12);
      expect(interval.error).toBeCloseTo(Math.sqrt(ten / positive.length + one / negative.length), 10);
      expect(interval.low).toBeLessThanOrEqual(interval.auc);
      expect(interval.high).toBeGreaterThanOrEqual(interval.auc);
    }),
  );
});

test("the order of rows changes no metric", () => {
  fc.assert(
    fc.property(scored, ({ p, y }) => {
      const [q, z] = [Float64Array.from(p).reverse(), Uint8Array.from(y).reverse()];
      for (const metric of [auc, averagePrecision, ks, (a: Float64Array, b: Uint8Array) => ece(a, b, 4)])
        expect(metric(q, z)).toBeCloseTo(metric(p, y), 12);
    }),
  );
});

test("one class only: nothing can be ranked", () => {
  const [p, y] = [Float64Array.of(0.1, 0.4), Uint8Array.of(0, 0)];
  expect(auc(p, y)).toBeNaN();
  expect(ks(p, y)).toBeNaN();
  expect(averagePrecision(p, y)).toBeNaN();
});

test("log loss: a sure mistake costs much, but not everything; weights count", () => {
  expect(logLoss(Float64Array.of(0), Uint8Array.of(1))).toBeCloseTo(34.54, 2);
  const twice = logLoss(Float64Array.of(0.9, 0.2), Uint8Array.of(1, 1), Float64Array.of(3, 1));
  expect(twice).toBeCloseTo(-(3 * Math.log(0.9) + Math.log(0.2)) / 4, 12);
});

test("Brier's parts add up to the score when each bin says one thing", () => {
  fc.assert(
    fc.property(scored, ({ p, y }) => {
      const { reliability, resolution, uncertainty } = brierParts(p, y, 60);
      const bins = equalMassBins(p, y, 60);
      if (bins.every((b) => b.lowest === b.highest))
        expect(reliability - resolution + uncertainty).toBeCloseTo(brier(p, y), 12);
      expect(resolution).toBeLessThanOrEqual(uncertainty + 1e-12);
    }),
  );
});

test("bins hold all rows, about equally many, and never part equal probabilities", () => {
  fc.assert(
    fc.property(scored, fc.integer({ min: 1, max: 12 }), ({ p, y }, k) => {
      const bins = equalMassBins(p, y, k);
      expect(bins.reduce((sum, b) => sum + b.rows, 0)).toBe(p.length);
      expect(bins.length).toBeLessThanOrEqual(k);
      for (let b = 1; b < bins.length; b++) expect(bins[b].lowest).toBeGreaterThan(bins[b - 1].highest);
    }),
  );
  const even = Float64Array.from({ length: 100 }, (_, i) => i / 100);
  expect(equalMassBins(even, new Uint8Array(100), 10).map((b) => b.rows)).toEqual(new Array(10).fill(10));
});

test("calibration error by hand: two bins, off by 0.1 and 0.3", () => {
  const p = Float64Array.of(0.1, 0.1, 0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 0.7, 0.7);
  const y = Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
  expect(ece(p, y, 2)).toBeCloseTo((5 * 0.1 + 5 * 0.3) / 10, 12);
});

test("95 of 100 perfectly calibrated models stay below the limit", () => {
  const random = createRandom(11);
  const p = Float64Array.from({ length: 1000 }, () => random.next());
  const { mean, p95 } = expectedEce(p, { seed: 5, draws: 400 });
  let below = 0;
  let sum = 0;
  for (let k = 0; k < 400; k++) {
    const measured = ece(
      p,
      Uint8Array.from(p, (q) => (random.next() < q ? 1 : 0)),
    );
    sum += measured / 400;
    if (measured <= p95) below++;
  }
  expect(below / 400).toBeGreaterThan(0.91);
  expect(below / 400).toBeLessThan(0.985);
  expect(sum).toBeCloseTo(mean, 2);
  expect(expectedEce(p, { seed: 5, draws: 50 })).toEqual(expectedEce(p, { seed: 5, draws: 50 }));
});

test("a model that is off is seen above the limit", () => {
  const random = createRandom(12);
  const p = Float64Array.from({ length: 3000 }, () => 0.1 + 0.5 * random.next());
  const y = Uint8Array.from(p, (q) => (random.next() < logistic(logit(q) + 0.4) ? 1 : 0));
  expect(ece(p, y)).toBeGreaterThan(expectedEce(p, { seed: 1 }).p95);
});

test("gain by hand: the best half finds both positives, twice what chance would", () => {
  const steps = gain(Float64Array.of(0.9, 0.8, 0.2, 0.1), Uint8Array.of(1, 1, 0, 0), 2);
  expect(steps[0]).toEqual({ taken: 0.5, found: 1, lift: 2, rate: 1, rows: 2 });
  expect(steps[1]).toMatchObject({ taken: 1, found: 1, lift: 1, rate: 0 });
});

test("intervals of a rate hold it, and narrow with more rows", () => {
  const [few] = reliability(Float64Array.of(0.5, 0.5, 0.5, 0.5), Uint8Array.of(1, 0, 1, 0), 1);
  const [many] = reliability(
    new Float64Array(400).fill(0.5),
    Uint8Array.from({ length: 400 }, (_, i) => i % 2),
    1,
  );
  expect(few.low).toBeLessThan(0.5);
  expect(many.high - many.low).toBeLessThan((few.high - few.low) / 3);
});
