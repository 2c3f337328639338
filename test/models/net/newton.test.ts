import { expect, test } from "vitest";
import { openBackend } from "../../../models/net/backend.ts";
import { type Curvature, createCurvature } from "../../../models/net/curvature.ts";
import { NEAR_SUMMIT, newton, type Task } from "../../../models/net/newton.ts";
import { encode, meansOf } from "../../../models/prepare/design.ts";
import { planBasis } from "../../../models/prepare/plan-basis.ts";
import { aTable } from "../../support/rows.ts";

const data = aTable(600);
const bases = data.columns.map((column, j) =>
  planBasis(column, data.values[j], { knots: 3, rareRows: 10, mostLevels: 64 }),
);
const design = encode(bases, meansOf(bases, data), data.values, data.rows);
const task = (lambda: number): Task => {
  const penalty = new Float64Array(design.width).fill(lambda);
  penalty[0] = 0;
  return { design, label: data.label, penalty };
};
const zero = new Float64Array(design.width);

/** A curvature that counts how often it was made; without `remembers`, each is new. */
async function counting(remembers: boolean): Promise<Curvature & { readonly made: () => number }> {
  const { tf } = await openBackend();
  const curvature = createCurvature(tf, design);
  let made = 0;
  return {
    of(weight) {
      made++;
      return curvature.of(weight);
    },
    get latest() {
      return remembers ? curvature.latest : undefined;
    },
    close: curvature.close,
    made: () => made,
  };
}

test("from a neighbour's curvature Newton comes to the same summit, with fewer curvatures made", async () => {
  const [old, fresh] = [await counting(true), await counting(false)];
  for (const [k, lambda] of [30, 10, 3].entries()) {
    const [a, b] = [await newton(task(lambda), old, zero), await newton(task(lambda), fresh, zero)];
    for (let j = 0; j < zero.length; j++) expect(a[j]).toBeCloseTo(b[j], 4);
    if (k === 2) expect(old.made()).toBeLessThan(fresh.made());
  }
  old.close();
  fresh.close();
});

test("near the summit costs no more than on it, and is within a thousandth of a nat", async () => {
  const [near, on] = [await counting(false), await counting(false)];
  const [a, b] = [await newton(task(1), near, zero, { nearEnough: NEAR_SUMMIT }), await newton(task(1), on, zero)];
  const loss = (beta: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < design.rows; i++) {
      let z = 0;
      for (let k = 0; k < design.width; k++) z += design.x[i * design.width + k] * beta[k];
      sum += Math.log1p(Math.exp(data.label[i] ? -z : z));
    }
    return beta.reduce((s, v, k) => s + (k ? 0.5 * v * v : 0), sum);
  };
  expect(loss(a) - loss(b)).toBeGreaterThanOrEqual(-1e-9);
  expect(loss(a) - loss(b)).toBeLessThan(NEAR_SUMMIT);
  expect(near.made()).toBeLessThanOrEqual(on.made());
  near.close();
  on.close();
});
