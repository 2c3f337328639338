import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Calibration, calibrate } from "../../../models/calibrate/calibration.ts";
import { chooseCalibration } from "../../../models/calibrate/choose-calibration.ts";
import { fitBeta } from "../../../models/calibrate/fit-beta.ts";
import { fitIsotonic } from "../../../models/calibrate/fit-isotonic.ts";
import { fitPlatt } from "../../../models/calibrate/fit-platt.ts";
import { logistic } from "../../../models/math/logistic.ts";
import { createRandom } from "../../../models/random.ts";

/** Margins of a model, and labels whose true log-odds are `truth(margin)`. */
function drawn(rows: number, truth: (margin: number) => number, seed = 1) {
  const random = createRandom(seed);
  const margin = Float64Array.from({ length: rows }, () => 2 * random.normal());
  return { margin, label: Uint8Array.from(margin, (m) => (random.next() < logistic(truth(m)) ? 1 : 0)) };
}

test("Platt finds the slope and the intercept of an over-sure model", () => {
  const { margin, label } = drawn(20_000, (m) => 0.5 * m - 1);
  const { slope, intercept } = fitPlatt(margin, label);
  expect(slope).toBeCloseTo(0.5, 1);
  expect(intercept).toBeCloseTo(-1, 1);
});

test("Platt is where the gradient of his smoothed log loss is zero, whatever the scale of the scores", () => {
  const { margin, label } = drawn(300, (m) => m);
  const scaled = margin.map((m) => 1e6 * m - 5e6);
  const { slope, intercept } = fitPlatt(scaled, label);
  const positives = label.reduce((sum, one) => sum + one, 0);
  const target = [1 / (300 - positives + 2), (positives + 1) / (positives + 2)];
  let [first, second] = [0, 0];
  for (let i = 0; i < 300; i++) {
    const error = logistic(slope * scaled[i] + intercept) - target[label[i]];
    first += error;
    second += error * margin[i];
  }
  expect(first).toBeCloseTo(0, 4);
  expect(second).toBeCloseTo(0, 4);
});

test("Platt never turns the order round: a model worse than chance becomes the base rate", () => {
  const { margin, label } = drawn(500, (m) => -m);
  const positives = label.reduce((sum, one) => sum + one, 0);
  const calibration = fitPlatt(margin, label);
  expect(calibration.slope).toBe(0);
  expect(calibrate(calibration, 3)).toBeCloseTo((positives + 1) / 502, 12);
  expect(fitPlatt(new Float64Array(500), label).slope).toBe(0);
});

test("isotonic blocks are scikit-learn's, but for the pull of one row towards the base rate", () => {
  const golden = JSON.parse(readFileSync(new URL("../../fixtures/metrics/golden.json", import.meta.url), "utf8"));
  const { margin, label, steps } = golden.isotonic;
  const calibration = fitIsotonic(Float64Array.from(margin), Uint8Array.from(label));
  const distinct = [...new Set<number>(steps)];
  const base = label.reduce((sum: number, one: number) => sum + one, 0) / label.length;
  const rows = distinct.map((step) => 100 * steps.filter((s: number) => s === step).length);
  expect(calibration.probability).toHaveLength(distinct.length);
  distinct.forEach((step, k) => {
    expect(calibration.probability[k]).toBeCloseTo((step * rows[k] + base) / (rows[k] + 1), 12);
  });
});

const beta = JSON.parse(readFileSync(new URL("../../fixtures/calibrate/beta.json", import.meta.url), "utf8"));

test.each<{ name: string; margin: number[]; label: number[]; weight: number[]; plain: number[]; weighted: number[] }>(
  beta.cases,
)("beta is what SciPy finds: $name", ({ margin, label, weight, plain, weighted }) => {
  const rows = [Float64Array.from(margin), Uint8Array.from(label)] as const;
  for (const [fitted, golden] of [
    [fitBeta(...rows), plain],
    [fitBeta(...rows, Float64Array.from(weight)), weighted],
  ] as const) {
    expect(fitted.a).toBeCloseTo(golden[0], 3);
    expect(fitted.b).toBeCloseTo(golden[1], 3);
    expect(fitted.intercept).toBeCloseTo(golden[2], 3);
  }
});

test("beta by hand: a = b = 1 changes nothing, a = b = 2 doubles the log-odds", () => {
  const one = { kind: "beta", a: 1, b: 1, intercept: 0 } as const;
  for (const margin of [-30, -2, 0, 0.7, 30]) {
    expect(calibrate(one, margin)).toBeCloseTo(logistic(margin), 15);
    expect(calibrate({ ...one, a: 2, b: 2 }, margin)).toBeCloseTo(logistic(2 * margin), 15);
  }
  expect(calibrate({ kind: "beta", a: 0, b: 1, intercept: 0 }, 0)).toBeCloseTo(2 / 3, 15);
});

test("a model that is over-sure at one end only gets beta", () => {
  const { margin, label } = drawn(8000, (m) => 0.3 * Math.log1p(Math.exp(m)) - Math.log1p(Math.exp(-m)));
  expect(chooseCalibration(margin, label, { seed: 1 }).calibration.kind).toBe("beta");
});

const kinds: ((margin: Float64Array, label: Uint8Array) => Calibration)[] = [fitPlatt, fitBeta, fitIsotonic];
const few = fc
  .array(fc.tuple(fc.double({ min: -20, max: 20, noNaN: true }), fc.constantFrom(0, 1)), {
    minLength: 2,
    maxLength: 200,
  })
  .filter((rows) => rows.some(([, y]) => y === 1) && rows.some(([, y]) => y === 0));

test("whatever the rows, probabilities rise with the margin and are never 0 or 1", () => {
  fc.assert(
    fc.property(few, (rows) => {
      const margin = Float64Array.from(rows, ([m]) => m);
      const label = Uint8Array.from(rows, ([, y]) => y);
      for (const fitTo of kinds) {
        const calibration = fitTo(margin, label);
        const said = Float64Array.from(margin)
          .sort()
          .map((m) => calibrate(calibration, m));
        for (let i = 0; i < said.length; i++) {
          expect(said[i]).toBeGreaterThan(0);
          expect(said[i]).toBeLessThan(1);
          if (i) expect(said[i]).toBeGreaterThanOrEqual(said[i - 1] - 1e-12);
        }
      }
    }),
  );
});

test("a model that says the truth is left as it is", () => {
  const { margin, label } = drawn(4000, (m) => m);
  expect(chooseCalibration(margin, label, { seed: 1 }).calibration).toEqual({ kind: "identity" });
});

test("an over-sure model gets Platt, one that is off in its middle gets isotonic", () => {
  const sure = drawn(4000, (m) => 0.4 * m);
  expect(chooseCalibration(sure.margin, sure.label, { seed: 1 }).calibration.kind).toBe("platt");
  const bent = drawn(8000, (m) => (m < 0 ? -2.5 : 2.5 * Math.tanh(m)));
  expect(chooseCalibration(bent.margin, bent.label, { seed: 1 }).calibration.kind).toBe("isotonic");
});

test("scores that are no log-odds are never left as they are, and the same seed chooses the same", () => {
  const { margin, label } = drawn(400, (m) => m);
  const options = { seed: 3, identity: false };
  const score = margin.map((m) => 100 + m);
  expect(chooseCalibration(score, label, options).calibration.kind).not.toBe("identity");
  expect(chooseCalibration(score, label, options)).toEqual(chooseCalibration(score, label, options));
});

test("few rows of one class: choosing still answers", () => {
  const label = Uint8Array.from({ length: 60 }, (_, i) => (i < 3 ? 1 : 0));
  const margin = Float64Array.from(label, (y, i) => y + (i % 7) / 3);
  const { calibration } = chooseCalibration(margin, label, { seed: 1 });
  expect(calibrate(calibration, 0.5)).toBeGreaterThan(0);
});
