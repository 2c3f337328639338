import { expect, test } from "vitest";
import { constant } from "../../../models/constant/constant.ts";
import type { Learner } from "../../../models/model.ts";
import { developOnFolds, developOnParts } from "../../../training/learn/develop.ts";
import { aTable } from "../../support/rows.ts";

const context = { seed: 1, onProgress: () => {} };
const rows = aTable(200);

/** The base rate, by a learner that settles, and remembers with what it was fitted. */
function remembering() {
  const fits: { rows: number; choosing: boolean; params: unknown }[] = [];
  const learner: Learner<unknown> = {
    ...constant,
    kind: "constant",
    fit(data, params, { choose, ...rest }) {
      fits.push({ rows: data.rows, choosing: choose !== undefined, params });
      return constant.fit(data, constant.defaults, rest);
    },
    settle: (_, models) => `settled by ${models.length}`,
  };
  return { learner, fits };
}

test("two folds choose, five are fitted with what they settled on, then all rows", async () => {
  const { learner, fits } = remembering();
  await developOnFolds(rows, { count: 5, choosing: 2 }, 1).develop(learner, "given", context);
  expect(fits.map((fit) => fit.choosing)).toEqual([true, true, false, false, false, false, false, false]);
  expect(fits.map((fit) => fit.rows)).toEqual([160, 160, 160, 160, 160, 160, 160, 200]);
  expect(fits[7].params).toBe("settled by 2");
});

test("a bag of settled parameters is five fits, and answers the mean of its folds", async () => {
  const { learner, fits } = remembering();
  const folds = developOnFolds(rows, { count: 5, choosing: 2 }, 1);
  const { model, bag, unseen } = await folds.develop(learner, "known", context, { settled: true, bag: true });
  expect(fits.map(({ rows, choosing, params }) => [rows, choosing, params])).toEqual(
    Array.from({ length: 5 }, () => [160, false, "known"]),
  );
  const row = new Float64Array(rows.columns.length);
  expect(model.margin(row)).toBeCloseTo(
    bag.reduce((sum, one) => sum + one.margin(row) / 5, 0),
    12,
  );
  expect(unseen).toHaveLength(200);
});

test("trying out goes from fold to fold as long as it is told to, and settles on those it saw", async () => {
  const { learner, fits } = remembering();
  const folds = developOnFolds(rows, { count: 5, choosing: 1 }, 1);
  const whole = await folds.tryOut(learner, "given", context);
  expect(whole.losses).toHaveLength(5);
  expect(whole.params).toBe("settled by 5");
  const short = await folds.tryOut(learner, "given", context, (losses) => losses.length < 2);
  expect(short.losses).toEqual(whole.losses.slice(0, 2));
  expect(short.params).toBe("settled by 2");
  expect(fits).toHaveLength(7);
});

test("on two parts there is one to try, and it settles there", async () => {
  const { learner } = remembering();
  const parts = developOnParts(rows, aTable(80, 3));
  const { losses, params } = await parts.tryOut(learner, "given", context, () => true);
  expect(losses).toHaveLength(1);
  expect(params).toBe("settled by 1");
});
